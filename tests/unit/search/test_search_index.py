import fcntl
import hashlib
import os
import random
import subprocess
import sys
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from dam.errors import BusyError, EngineError, QueryError, UsageError
from dam.search.document import Document
from dam.search.grammar import parse
from dam.search.index import TantivyIndex, open_index
from dam.search.query import resolve
from dam.search.results import Sort

START = datetime(2026, 10, 1, 12, tzinfo=UTC)


def document(name, **fields):
    values = {"sha256": hashlib.sha256(name.encode()).hexdigest(), "kind": "image", "admitted_at": START} | fields
    return Document(asset_id=name, **values)


MARA = document(
    "mara",
    names=("Mara_final_v3 (2).png",),
    paths=("renders/warehouse/Mara_final_v3 (2).png",),
    roots=("Drive A",),
    prompt="Mara Voss in a café, neon rain, cinematic lighting",
    negative_prompt="blurry, lowres",
    tool="ComfyUI",
    model="flux1-dev.safetensors",
    loras=("mara_v2", "grain"),
    sampler="dpmpp_2m",
    seed="18446744073709551615",
    steps=30,
    width_px=2048,
    height_px=1024,
    status="approved",
    credential="trusted",
    ai="true",
    protected=True,
    tags=("red hair",),
    characters=("Mara Voss",),
    scenes=("sc010",),
    created_at=START - timedelta(days=30),
    sha256="ab" * 32,
)
CLIP = document(
    "clip",
    kind="video",
    names=("rainy_walk.mp4",),
    prompt="a walk, rain on neon signs 红发少女在霓虹灯下 サイバーパンク",
    tool="Kling",
    duration_s=5.04,
    width_px=1280,
    status="rejected",
    availability="offline",
    created_at=START,
    admitted_at=START + timedelta(hours=1),
    flags=("quarantined",),
    roots=("Drive A", "Drive B"),
)
NOTE = document(
    "note", kind="other", names=("notes.bin",), flags=("parse:unparsed",), admitted_at=START + timedelta(hours=2)
)


@pytest.fixture
def index(tmp_path):
    made = TantivyIndex(tmp_path / "index")
    made.rebuild([MARA, CLIP, NOTE])
    return made


@pytest.fixture(scope="module")
def shared(tmp_path_factory):
    """Only read."""
    made = TantivyIndex(tmp_path_factory.mktemp("shared"))
    made.rebuild([MARA, CLIP, NOTE])
    return made


def found(index, text, **options):
    return {hit.asset_id for hit in index.search(parse(text), **options).hits}


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("", {"mara", "clip", "note"}),
        ("neon rain", {"mara", "clip"}),
        ('"neon rain"', {"mara"}),
        ("NEON CAFE", {"mara"}),
        ("café", {"mara"}),
        ("final", {"mara"}),
        ("final_v3", {"mara"}),
        ("rain* -mara", {"clip"}),
        ("cinem*light", set()),
        ("*ematic", {"mara"}),
        ("final_v* ", {"mara"}),
        ("rain OR notes", {"mara", "clip", "note"}),
        ("(rain OR notes) -kind:video", {"mara", "note"}),
        ("-rain", {"note"}),
        ("-rain OR walk", {"note", "clip"}),
        ("blurry", set()),
        ("x" * 200, set()),
        ("x" * 200 + "*", set()),
        ("* neon", {"mara", "clip"}),
        ("negative:blurry", {"mara"}),
        ("prompt:rain*", {"mara", "clip"}),
        ('prompt:"rain on"', {"clip"}),
        ("prompt:*", {"mara", "clip"}),
        ("-prompt:*", {"note"}),
        ("name:rainy", {"clip"}),
        ("path:renders/warehouse", {"mara"}),
        ("model:flux*", {"mara"}),
        ("model:flux1-dev", {"mara"}),
        ("model:*.safetensors", {"mara"}),
        ("model:dev-flux1", set()),
        ("lora:mara_v2 tool:comfyui", {"mara"}),
        ("sampler:dpmpp_2m", {"mara"}),
        ('character:"mara voss" scene:sc010', {"mara"}),
        ("character:voss", {"mara"}),
        ("tag:red", {"mara"}),
        ("tag:=red", set()),
        ('tag:="Red  Hair"', {"mara"}),
        ('root:"drive b"', {"clip"}),
        ("seed:18446744073709551615", {"mara"}),
        ("seed:1844*", {"mara"}),
        ("steps:30 width:>=2048", {"mara"}),
        ("width:<2048", {"clip"}),
        ("width:1000..1280", {"clip"}),
        ("duration:>5", {"clip"}),
        ("duration:5.04", {"clip"}),
        ("duration:<=5", set()),
        ("created:2026-10", {"clip"}),
        ("created:<2026-10", {"mara"}),
        ("created:>=2026-10-01", {"clip"}),
        ("created:>2026-10-01", set()),
        ("created:<=2026-10-01", {"mara", "clip"}),
        ("is:approved", {"mara"}),
        ("is:ai is:protected", {"mara"}),
        ("is:unprotected", {"clip", "note"}),
        ("is:offline is:quarantined", {"clip"}),
        ("parse:unparsed", {"note"}),
        ("credential:trusted", {"mara"}),
        ("ai:unknown", {"clip", "note"}),
        ("id:mar", {"mara"}),
        ("sha256:ABAB", {"mara"}),
        ("similar:whatever", set()),
        ("红发", {"clip"}),
        ("少女", {"clip"}),
        ("霓虹灯下", {"clip"}),
        ("红少", set()),
        ("灯", {"clip"}),
        ("サイバー", {"clip"}),
        ("ｻｲﾊﾞｰ", {"clip"}),
        ("prompt:霓虹灯 neon", {"clip"}),
        ("name:红发", set()),
    ],
)
def test_a_query_finds(shared, text, expected):
    assert found(shared, text) == expected


def test_a_name_counts_more_than_a_mention(index):
    index.apply([document("a mention", prompt="mara"), document("z named", tags=("mara",))], [])
    index.reload()
    page = index.search(parse("mara"))
    order = [hit.asset_id for hit in page.hits]
    assert order.index("z named") < order.index("a mention")


def test_facets_and_the_total_count_all_matches_not_the_page(shared):
    page = shared.search(parse(""), limit=1)
    assert page.total == 3
    assert page.facets["kind"] == {"image": 1, "video": 1, "other": 1}
    assert page.facets["status"] == {"approved": 1, "rejected": 1, "unreviewed": 1}
    assert page.facets["tool"] == {"ComfyUI": 1, "Kling": 1}
    assert page.facets["root"] == {"Drive A": 2, "Drive B": 1}
    assert page.facets["model"] == {"flux1-dev.safetensors": 1}
    assert page.facets["ai"] == {"true": 1, "unknown": 2}
    assert set(page.facets) == {
        "kind",
        "status",
        "tool",
        "model",
        "credential",
        "availability",
        "root",
        "ai",
        "lora",
        "character",
        "scene",
        "project",
        "tag",
    }
    assert shared.search(parse(""), facets=False).facets == {}


def test_a_facet_value_finds_exactly_what_it_counted(shared):
    assert found(shared, 'model:="flux1-dev.safetensors"') == {"mara"}


def test_an_update_replaces_and_a_delete_drops(index):
    index.apply([replace(MARA, status="rejected"), document("new", prompt="sunset")], ["clip", "never there"])
    assert index.search(parse("")).total == 3, "a reader keeps its snapshot until it reloads"
    index.reload()
    assert found(index, "is:rejected") == {"mara"}
    assert found(index, "") == {"mara", "note", "new"}


def test_the_last_of_two_updates_of_an_asset_wins_and_a_delete_wins_over_both(index):
    index.apply([replace(NOTE, title="one"), replace(NOTE, title="two"), replace(CLIP, title="three")], ["clip"])
    index.reload()
    assert (found(index, "two"), found(index, "one OR three")) == ({"note"}, set())


def test_resolved_outside_terms_select_assets(shared):
    query = parse("-similar:x")
    answers = {query.tree.child: ("mara", "note")}
    assert {hit.asset_id for hit in shared.search(resolve(query, answers)).hits} == {"clip"}


def many(count):
    """In no useful order, with many equals in every sort order."""
    rows = [
        document(
            f"id{n:04d}",
            names=(f"shot {n * 7 % count // 3}.png",),
            prompt="rain " * (1 + n % 3) + "walk",
            admitted_at=START + timedelta(seconds=n % 11),
        )
        for n in range(count)
    ]
    random.Random(5).shuffle(rows)
    return rows


@pytest.fixture(scope="module")
def shared_many(tmp_path_factory):
    """Only read."""
    made = TantivyIndex(tmp_path_factory.mktemp("many"))
    made.rebuild(many(150))
    return made


def all_pages(index, query, limit, sort):
    ids, after = [], None
    while True:
        page = index.search(query, limit=limit, after=after, sort=sort)
        ids += [hit.asset_id for hit in page.hits]
        assert page.total == index.search(query).total
        after = page.next
        if after is None:
            return ids


@pytest.mark.parametrize("sort", list(Sort))
@pytest.mark.parametrize("text", ["rain", "is:unreviewed", "rain*"])
@pytest.mark.parametrize("limit", [7, 50])
def test_pages_show_every_match_once_in_the_same_order(shared_many, sort, text, limit):
    whole = [hit.asset_id for hit in shared_many.search(parse(text), limit=1000, sort=sort).hits]
    assert len(set(whole)) == 150
    assert all_pages(shared_many, parse(text), limit, sort) == whole


def test_newest_and_name_order_break_ties_by_id(tmp_path):
    index = TantivyIndex(tmp_path)
    rows = many(60)
    index.rebuild(rows)
    newest = [hit.asset_id for hit in index.search(parse(""), sort=Sort.NEWEST, limit=100).hits]
    assert newest == [
        row.asset_id for row in sorted(rows, key=lambda row: (row.admitted_at, row.asset_id), reverse=True)
    ]
    named = [hit.asset_id for hit in index.search(parse(""), sort=Sort.NAME, limit=100).hits]
    assert named == [row.asset_id for row in sorted(rows, key=lambda row: (row.names[0], row.asset_id))]


def test_relevance_order_is_by_score_then_id(tmp_path):
    index = TantivyIndex(tmp_path)
    index.rebuild(many(60))
    hits = index.search(parse("rain"), limit=100).hits
    assert [(hit.score, hit.asset_id) for hit in hits] == sorted(
        ((hit.score, hit.asset_id) for hit in hits), key=lambda row: (-row[0], row[1])
    )
    assert hits[0].score > 0


def test_paging_by_newest_goes_on_after_the_cursor_when_documents_come_and_go(tmp_path):
    index = TantivyIndex(tmp_path)
    index.rebuild(many(40))
    first = index.search(parse(""), limit=10, sort=Sort.NEWEST)
    index.apply([document("fresh", admitted_at=START + timedelta(days=1))], [first.hits[-1].asset_id])
    index.reload()
    second = index.search(parse(""), limit=1000, after=first.next, sort=Sort.NEWEST)
    assert not {hit.asset_id for hit in first.hits} & {hit.asset_id for hit in second.hits}
    assert len(second.hits) == 30


@pytest.mark.parametrize("after", ["", "x", "!!", "bnVsbA", "W10", "é", "W" * 100_000])
def test_a_foreign_cursor_is_refused(shared, after):
    with pytest.raises(QueryError) as caught:
        shared.search(parse("rain"), after=after)
    assert caught.value.code == "query.cursor"


def test_a_cursor_of_another_query_is_refused(shared):
    cursor = shared.search(parse("rain"), limit=1).next
    with pytest.raises(QueryError):
        shared.search(parse("neon"), limit=1, after=cursor)


@pytest.mark.parametrize("limit", [0, -1, 1001])
def test_a_page_size_out_of_bounds_is_refused(shared, limit):
    with pytest.raises(UsageError):
        shared.search(parse(""), limit=limit)


def test_only_one_writer_at_a_time(index):
    with index.writer() as writer:
        writer.apply([replace(NOTE, title="first")], [])
        with pytest.raises(BusyError) as caught:
            TantivyIndex(index.folder).apply([], ["note"])
        assert caught.value.code == "index.busy"
        with pytest.raises(BusyError):
            TantivyIndex(index.folder).rebuild([])
    index.apply([], ["note"])


def test_a_writer_in_another_process_is_seen(index):
    program = (
        "import sys; from pathlib import Path; from dam.search.index import TantivyIndex; from dam.errors import BusyError\n"
        "try:\n    TantivyIndex(Path(sys.argv[1])).apply([], [])\nexcept BusyError as e:\n    print(e.code)"
    )
    with index.writer():
        done = subprocess.run([sys.executable, "-c", program, index.folder], capture_output=True, text=True, check=True)
    assert done.stdout.strip() == "index.busy"


def test_a_lock_left_by_a_dead_process_does_not_hold(index):
    assert (index.folder / "writer.lock").exists()
    descriptor = os.open(index.folder / "writer.lock", os.O_RDWR)
    fcntl.flock(descriptor, fcntl.LOCK_EX | fcntl.LOCK_NB)
    os.close(descriptor)
    index.apply([NOTE], [])


def test_a_wrong_type_is_refused_before_it_can_kill_the_writer(index):
    with index.writer() as writer:
        for wrong in ({"steps": "30"}, {"width_px": 1.5}, {"height_px": True}, {"duration_s": "long"}):
            with pytest.raises(EngineError) as caught:
                writer.apply([CLIP, document("bad", **wrong)], ["mara"])
            assert caught.value.code == "index.document"
        writer.apply([document("good")], [])
    index.reload()
    assert found(index, "") == {"mara", "clip", "note", "good"}


def test_hostile_values_are_indexed_as_far_as_they_can_be(index):
    hostile = document(
        "hostile",
        names=("bad\udcff\x00name.png", "x" * 100_000),
        prompt="needle " + "a" * 200_000,
        tags=("", "\ud800", *[f"t{n}" for n in range(5000)]),
        steps=10**40,
        seed="9" * 300,
        model="m" * 70_000,
        duration_s=float("inf"),
    )
    index.apply([hostile], [])
    index.reload()
    assert found(index, "needle") == {"hostile"}
    assert found(index, "name:bad*") == {"hostile"}


def test_a_rebuild_swaps_whole_and_a_reader_follows(index):
    other = TantivyIndex(index.folder)
    assert other.search(parse("")).total == 3
    index.rebuild([MARA])
    assert other.search(parse("")).total in {1, 3}
    other.reload()
    assert other.search(parse("")).total == 1
    assert len(list(index.folder.glob("gen-*"))) == 1


def test_a_rebuild_that_fails_leaves_the_old_index(index):
    def broken():
        yield CLIP
        raise ValueError("the catalogue went away")

    with pytest.raises(ValueError, match="went away"):
        index.rebuild(broken())
    index.reload()
    assert found(index, "") == {"mara", "clip", "note"}
    assert len(list(index.folder.glob("gen-*"))) == 1


def test_a_missing_index_needs_a_rebuild(tmp_path):
    index, state = open_index(tmp_path / "none")
    assert state.needs_rebuild
    assert not (tmp_path / "none").exists(), "looking writes nothing"
    for act in (lambda: index.search(parse("x")), lambda: index.apply([], []), index.reload):
        with pytest.raises(EngineError) as caught:
            act()
        assert caught.value.code == "index.missing"


def test_a_good_index_opens_again_and_counts_its_documents(index):
    _, state = open_index(index.folder)
    assert (state.needs_rebuild, state.documents) == (False, 3)


@pytest.mark.parametrize(
    "stamp", ['{"schema": "old", "engine": "tantivy 0.1", "format": 1}', "[]", "{", "", "[" * 60_000]
)
def test_an_index_of_another_version_needs_a_rebuild(index, stamp):
    next(index.folder.glob("gen-*")).joinpath("headwater.json").write_text(stamp)
    again, state = open_index(index.folder)
    assert state.needs_rebuild
    with pytest.raises(EngineError) as caught:
        again.search(parse("x"))
    assert caught.value.code == "index.outdated"
    again.rebuild([MARA])
    assert not again.state().needs_rebuild


def damaged_meta(generation: Path):
    (generation / "meta.json").write_text("not json")


def no_meta(generation: Path):
    (generation / "meta.json").unlink()


SEGMENT_FILES = {".term", ".idx", ".fast", ".store", ".pos"}


def put(path: Path, contents: bytes):
    """As a new file: cutting one that a reader has mapped would kill the process (SIGBUS), as with any mapped file."""
    path.unlink()
    path.write_bytes(contents)


def cut_segments(generation: Path):
    for path in generation.glob("*.*"):
        if path.suffix in SEGMENT_FILES:
            put(path, path.read_bytes()[: path.stat().st_size // 2])


def no_segments(generation: Path):
    for path in generation.glob("*.store"):
        path.unlink()


@pytest.mark.parametrize("damage", [damaged_meta, no_meta, cut_segments, no_segments])
def test_a_damaged_index_says_so_and_is_rebuilt(index, damage):
    damage(next(index.folder.glob("gen-*")))
    again, state = open_index(index.folder)
    assert state.needs_rebuild
    with pytest.raises(EngineError) as caught:
        again.search(parse("rain"))
    assert caught.value.code == "index.corrupt"
    again.rebuild([MARA])
    assert found(again, "rain") == {"mara"}


def outcome(folder, text):
    try:
        TantivyIndex(folder).search(parse(text))
    except EngineError as error:
        return error.code
    return "answered"


def test_flipped_bytes_never_escape_as_anything_but_our_errors(tmp_path):
    index = TantivyIndex(tmp_path)
    index.rebuild(many(50))
    seen = set()
    for path in [path for path in next(tmp_path.glob("gen-*")).iterdir() if path.suffix in SEGMENT_FILES]:
        whole = path.read_bytes()
        for at in range(0, len(whole), max(1, len(whole) // 6)):
            put(path, whole[:at] + bytes([whole[at] ^ 0xFF]) + whole[at + 1 :])
            seen.add(outcome(tmp_path, '"rain walk" OR shot*'))
        put(path, whole)
    assert seen == {"answered", "index.corrupt"}


FRAGMENTS = 'mara * ** a*b* model:*x* .*[ (?i)\\ {9} "a b" -x OR tag:=*[ name:^$ prompt:*** id:* 红* *红 sha256:zz seed:-1 is:>wat kind:<=x lora:>= +-&&||! ~2 ^3'


@settings(max_examples=200, deadline=None, suppress_health_check=[HealthCheck.too_slow])
@given(st.lists(st.sampled_from(FRAGMENTS.split()) | st.text(max_size=8), max_size=8).map(" ".join))
def test_any_query_can_be_run(shared, text):
    page = shared.search(parse(text))
    assert len(page.hits) == page.total <= 3


def test_a_very_large_query_runs(shared):
    assert shared.search(parse(" OR ".join(f"{'x' * 200}{n}* OR neon" for n in range(130)))).total == 2


@pytest.mark.parametrize("text", ["a*" * 300, "neon*" + "aaaaaaaaa*" * 90, "红*" * 300, "a*" * 100 + "-" + "b*" * 100])
@pytest.mark.parametrize("field", ["", "model:", "prompt:", "seed:", "id:"])
def test_a_wildcard_too_large_for_the_engine_is_widened(shared, field, text):
    assert shared.search(parse(field + text)).total <= 3


def test_reading_a_query_imports_no_engine_and_searching_none_of_the_heavy_libraries():
    program = (
        "import sys; import dam.search.grammar, dam.search.document, dam.search.results; assert 'tantivy' not in sys.modules\n"
        "import dam.search.index, dam.lineage.names, dam.lineage.graph, dam.lineage.render, dam.lineage.ingredients\n"
        "import dam.lineage.likeness, dam.audit.chain\n"
        "heavy = {'sqlmodel', 'sqlalchemy', 'fastapi', 'numpy', 'PIL', 'c2pa', 'pydantic'} & set(sys.modules)\n"
        "assert not heavy, heavy"
    )
    root = Path(__file__).resolve().parents[3]
    subprocess.run([sys.executable, "-c", program], check=True, cwd=root)
