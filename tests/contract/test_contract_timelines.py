"""What every timeline reader, ours or a third party's, must keep: an answer for any bytes, the same each time."""

import dataclasses
import json
import random
from concurrent.futures import ThreadPoolExecutor

import pytest
from hypothesis import given
from hypothesis import strategies as st

from dam.metadata import timeline_contract
from dam.metadata.timeline_contract import TimelineFile
from dam.metadata.timeline_read import discovered, read_timeline
from tests.support import timelines as made

READERS = discovered().plugins
CODES = {"timeline.unreadable", "timeline.partly_read", "timeline.too_large"}
SEEDS = {
    "text/x-edl": made.edl(
        made.event(1, 0, 24, ["* FROM CLIP NAME: a.mov", "* SOURCE FILE: T.LAY1.02"]), made.event(2, 24, 0),
        made.event(2, 24, 24, ["* TO CLIP NAME: b.mov"], kind="D    012"), made.event(3, 48, 24, reel="R2", channels="AA/V"),
    ).encode(),
    "application/x-otio+json": made.otio(made.otio_track([made.otio_clip("a", "file:///a%20b.mov"), made.otio_clip("b")])),
    "application/x-otio+zip": made.zipped({"content.otio": made.otio(made.otio_track([made.otio_clip("a", "a.mov")]))}),
    "application/x-fcp7-xml": made.fcp7(
        made.fcp7_sequence("s", made.clipitem("a.mov", 0, -1, url="file:///a.mov", extra='<sequence id="s1"/>')),
        made.fcp7_sequence("t", made.clipitem("b.mov", -1, 24, url="b.mov"), sequence_id="s2"),
    ),
    "application/x-fcpxml": made.fcpxml(
        '<asset id="r2" src="file:///a.mov"/><media id="m1"><sequence><spine><ref-clip ref="m1" duration="1s"/>'
        '<asset-clip ref="r2" offset="1/2s" duration="3s"/></spine></sequence></media>',
        '<ref-clip ref="m1" offset="0s" duration="1s"/><clip duration="1s"><video ref="r2"/><audition><title/></audition></clip>',
    ),
    "application/x-davinci-resolve-project": made.drp(
        [made.pool_clip("Sm2MpTimelineClip", "t", "CUT", "q")],
        [made.tracks("q", made.track_item("a", 0, 9, ref="t"), made.track_item("b", 9, 9, path="/b.mov"))],
    ),
}  # fmt: skip
AAF_HEAD = b"\xd0\xcf\x11\xe0\xa1\xb1\x1a\xe1" + b"AAFB\r\0OM\x06\x0e\x2b\x34\x01\x01\x01\xff"


def answer(path, data, mime):
    path.write_bytes(data)
    reading = read_timeline(TimelineFile(str(path), len(data), mime))
    assert {p.code for p in reading.problems} <= CODES
    assert reading.timeline is not None or reading.problems
    if reading.timeline is not None:
        plain = dataclasses.asdict(reading.timeline)
        assert "None" not in {v for clip in plain["clips"] for v in clip.values() if isinstance(v, str)}
        json.dumps(plain, allow_nan=False).encode()
        assert all(clip.duration_s is None or clip.duration_s >= 0 for clip in reading.timeline.clips)
    return reading


@pytest.fixture(scope="module")
def path(tmp_path_factory):
    return tmp_path_factory.mktemp("timelines") / "cut"


def test_every_reader_of_the_folder_loads_and_takes_its_format():
    assert discovered().broken == ()
    assert [r.name for r in READERS] == ["aaf", "edl", "fcp7_xml", "fcpxml", "otio", "resolve"]
    for mime in (*SEEDS, "application/aaf"):
        assert sum(reader.accepts(TimelineFile("x", 1, mime)) for reader in READERS) == 1
    assert not any(reader.accepts(TimelineFile("x", 1, "image/png")) for reader in READERS)


@pytest.mark.parametrize("mime", SEEDS)
def test_the_whole_seed_is_read_without_a_problem(path, mime):
    reading = answer(path, SEEDS[mime], mime)
    assert reading.timeline is not None
    assert len(reading.timeline.clips) >= 1


cuts = st.tuples(st.integers(0, 4_000), st.integers(0, 40), st.binary(max_size=12))


@pytest.mark.parametrize("mime", SEEDS)
@given(edits=st.lists(cuts, min_size=1, max_size=5), keep=st.integers(1, 4_000))
def test_damaged_timelines_are_answers_and_the_same_twice(path, mime, edits, keep):
    data = SEEDS[mime]
    for where, drop, put in edits:
        at = where % len(data)
        data = (data[:at] + put + data[at + drop :]) or b"x"
    data = data[: max(1, len(data) - keep)] if keep % 3 == 0 else data
    assert answer(path, data, mime) == answer(path, data, mime)


@given(data=st.binary(max_size=200), mime=st.sampled_from([*SEEDS, "image/png"]))
def test_any_bytes_under_any_format_are_an_answer(path, data, mime):
    path.write_bytes(data)
    read_timeline(TimelineFile(str(path), len(data), mime))


@pytest.mark.parametrize("size", [0, 24, 511, 4096, 20_000])
def test_an_aaf_of_noise_is_an_answer(path, size):
    noise = random.Random(size).randbytes(size)
    reading = answer(path, (AAF_HEAD + noise)[: max(size, 24)], "application/aaf")
    assert reading.problems


def test_a_file_that_went_away_is_an_answer(tmp_path):
    reading = read_timeline(TimelineFile(str(tmp_path / "gone"), 9, "text/x-edl"))
    assert [p.code for p in reading.problems] == ["timeline.unreadable"]


def test_answers_do_not_depend_on_order_or_threads(tmp_path):
    files = []
    for number, (mime, data) in enumerate(list(SEEDS.items()) * 4):
        (tmp_path / str(number)).write_bytes(data)
        files.append(TimelineFile(str(tmp_path / str(number)), len(data), mime))
    alone = [read_timeline(file) for file in files]
    order = list(range(len(files))) * 3
    random.Random(7).shuffle(order)
    with ThreadPoolExecutor(8) as pool:
        together = list(pool.map(lambda at: (at, read_timeline(files[at])), order))
    assert all(reading == alone[at] for at, reading in together)


def bomb(name):
    """XML whose one entity stands for very much text."""
    lines = "".join(f'<!ENTITY e{n} "{f"&e{n - 1};" * 10}">' for n in range(1, 9))
    return f'<?xml version="1.0"?><!DOCTYPE {name} [<!ENTITY e0 "ha">{lines}]><{name}>&e8;</{name}>'.encode()


def doubling_fcpxml():
    media = "".join(
        f'<media id="m{n}"><sequence><spine><ref-clip ref="m{n - 1}" duration="1s"/><ref-clip ref="m{n - 1}" duration="1s"/>'
        "</spine></sequence></media>" for n in range(1, 40)
    )  # fmt: skip
    return made.fcpxml(f'<media id="m0"/>{media}', '<ref-clip ref="m39" duration="1s"/>' * 50)


def empty_nests():
    items = "".join('<clipitem><sequence id="s1"/></clipitem>' for _ in range(400))
    return made.fcp7(f'<sequence id="s1"><media><video><track>{items}</track></video></media></sequence>')


def nested_otio():
    inner = made.otio_track([made.otio_clip("a", "a.mov")])
    for _ in range(300):
        inner = {"OTIO_SCHEMA": "Stack.1", "children": [inner]}
    return made.otio(inner)


HOSTILE = {
    "entities in fcpxml": ("application/x-fcpxml", bomb("fcpxml"), 0),
    "entities in fcp7": ("application/x-fcp7-xml", bomb("xmeml"), 0),
    "a file from outside": ("application/x-fcp7-xml", b'<!DOCTYPE xmeml [<!ENTITY x SYSTEM "file:///etc/passwd">]><xmeml>&x;</xmeml>', 0),
    "deep xml": ("application/x-fcpxml", b"<fcpxml>" + b"<clip>" * 100_000, 0),
    "many elements": ("application/x-fcp7-xml", b"<xmeml>" + b"<a/>" * 500_000 + b"</xmeml>", 0),
    "compound clips that double": ("application/x-fcpxml", doubling_fcpxml(), None),
    "a nest that holds itself": ("application/x-fcp7-xml", empty_nests(), None),
    "deep otio": ("application/x-otio+json", nested_otio(), 0),
    "brackets": ("application/x-otio+json", b'{"OTIO_SCHEMA":' + b"[" * 200_000, 0),
    "values": ("application/x-otio+json", b'{"OTIO_SCHEMA":"Timeline.1","a":[' + b"1," * 3_100_000 + b"1]}", 0),
    "a zip bomb": ("application/x-davinci-resolve-project", made.zipped({"project.xml": b"", "SeqContainer/1.xml": bytes(60 << 20)}), 0),
    "no directory": ("application/x-otio+zip", b"PK\x03\x04" + bytes(5_000), 0),
    "clip words": ("application/x-otio+json", b'{"OTIO_SCHEMA": "Clip.1", ' * 50_000, 0),
    "long lines": ("text/x-edl", b"001 " + b"A " * 4_000_000, 0),
}  # fmt: skip


@pytest.mark.parametrize("name", HOSTILE)
def test_hostile_timelines_end_in_a_problem(path, name):
    mime, data, clips = HOSTILE[name]
    reading = answer(path, data, mime)
    assert reading.problems
    if clips is not None:
        assert len(reading.timeline.clips if reading.timeline else ()) == clips


def test_a_list_of_ten_thousand_events_is_read_whole(path):
    events = [made.event(n, n * 24, 24, [f"* FROM CLIP NAME: sh{n}.mov"]) for n in range(10_000)]
    reading = answer(path, made.edl(*events).encode(), "text/x-edl")
    assert reading.problems == ()
    assert [c.name for c in reading.timeline.clips[-2:]] == ["sh9998.mov", "sh9999.mov"]


def test_more_clips_than_are_kept_say_so(path):
    limit = timeline_contract.MAX_CLIPS
    document = made.otio(made.otio_track([{"OTIO_SCHEMA": "Clip.2", "name": "x"}] * (limit + 5)))
    reading = answer(path, document, "application/x-otio+json")
    assert len(reading.timeline.clips) == limit
    assert [p.code for p in reading.problems] == ["timeline.partly_read"]
