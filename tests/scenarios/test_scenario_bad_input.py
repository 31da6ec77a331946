"""What drives and people throw at the command line: every file gets an answer with a reason, never a traceback."""

import base64
import contextlib
import json
import os
import struct
import time
import zlib

import pytest

from tests.support import ledger, pictures
from tests.support.libraries import copy_of, dam, opened, sha256


def held(summary):
    return {(q["path"], q["code"]) for q in summary["quarantined"]}


def asset_of(library, path):
    return dam(library, "show", "--json", path).json


# -- roots


def test_a_root_that_is_not_there_is_not_found(library, tmp_path):
    answer = dam(library, "root", "add", str(tmp_path / "nowhere"))
    assert (answer.code, answer.out) == (1, "")
    assert "nowhere" in answer.err


def test_a_root_that_is_a_file_is_a_usage_error_that_says_what_to_add(library, drive):
    answer = dam(library, "root", "add", str(drive / "good.png"))
    assert answer.code == 2
    assert f"dam root add {drive}" in answer.err


def test_scanning_a_root_nobody_knows_is_not_found(library):
    answer = dam(library, "scan", "renders")
    assert answer.code == 1
    assert "dam root list" in answer.err


def test_a_root_inside_another_one_is_a_conflict(library, drive):
    (drive / "below").mkdir()
    assert dam(library, "root", "add", str(drive)).code == 0
    answer = dam(library, "root", "add", str(drive / "below"))
    assert answer.code == 4
    assert "lie inside one another" in answer.err


def test_the_library_itself_is_no_root(library):
    assert dam(library, "root", "add", str(library)).code == 4
    assert dam(library, "root", "add", str(library / "keys")).code == 4


def test_an_unreadable_folder_is_told_and_nothing_below_it_goes_missing(library, drive, powerless):
    pictures.put(drive, "locked/one.png", pictures.a1111_png(2))
    assert dam(library, "scan", str(drive), before=powerless).code == 0
    (drive / "locked").chmod(0)
    try:
        answer = dam(library, "scan", "--json", before=powerless)
    finally:
        (drive / "locked").chmod(0o755)
    assert answer.code == 0
    assert [(p["code"], p["message"]) for p in answer.json["problems"]] == [
        ("scan.unseen", "drive/locked: Permission denied")
    ]
    assert answer.json["missing"] == 0
    assert asset_of(library, "locked/one.png")["availability"] == "online"


def test_a_root_that_becomes_unreadable_is_offline(library, drive, powerless):
    assert dam(library, "scan", str(drive), before=powerless).code == 0
    drive.chmod(0)
    try:
        answer = dam(library, "scan", "--json", before=powerless)
    finally:
        drive.chmod(0o755)
    assert [p["code"] for p in answer.json["problems"]] == ["root.offline"]
    assert answer.json["missing"] == 0


def test_an_unreadable_file_is_quarantined_and_taken_when_it_can_be_read(library, drive, powerless):
    secret = pictures.put(drive, "secret.png", pictures.a1111_png(2))
    secret.chmod(0)
    answer = dam(library, "scan", "--json", str(drive), before=powerless)
    assert held(answer.json) == {("secret.png", "file.unreadable")}
    assert "Permission denied" in answer.json["quarantined"][0]["message"]
    secret.chmod(0o644)
    answer = dam(library, "scan", "--json", before=powerless)
    assert (answer.json["admitted"], answer.json["quarantined"]) == (1, [])


def test_an_unreadable_path_in_the_hand_is_a_bad_file_and_the_other_files_are_answered(library, drive, powerless):
    secret = pictures.put(drive, "secret.png", pictures.a1111_png(2))
    secret.chmod(0)
    answer = dam(library, "inspect", "--json", str(secret), str(drive / "good.png"), before=powerless)
    assert answer.code == 3
    assert [line["problems"][0]["code"] if line["problems"] else None for line in answer.lines] == [
        "file.unreadable",
        None,
    ]
    drive.chmod(0)
    try:
        assert dam(library, "root", "add", str(drive), before=powerless).code == 3
    finally:
        drive.chmod(0o755)


# -- names


STRANGE = [
    b"\xff\xfe.png",
    b"new\nline.png",
    b"esc\x1b[2Jape.png",
    b"back\\slash.png",
    b"-n.png",
    b"\xe2\x80\xaetxt.png",
]


@pytest.fixture(scope="module")
def strange(template_library, tmp_path_factory):
    """(library, {name: path as the system names it}) of a scanned drive of strange names."""
    base = tmp_path_factory.mktemp("strange")
    library, drive = copy_of(template_library, base / "library"), base / "drive"
    drive.mkdir()
    paths = {name: os.fsdecode(os.path.join(os.fsencode(drive), name)) for name in STRANGE}
    for n, path in enumerate(paths.values()):
        with open(path, "wb") as stream:
            stream.write(pictures.a1111_png(n, f"strange number{n}"))
    answer = dam(library, "scan", "--json", str(drive))
    assert (answer.json["admitted"], answer.json["unexplained"]) == (len(STRANGE), 0)
    return library, paths


@pytest.mark.parametrize("name", STRANGE, ids=repr)
def test_a_strange_name_leads_to_its_asset_as_typed_and_as_printed(strange, name):
    library, paths = strange
    shown = dam(library, "show", "--json", paths[name]).json
    assert shown["sha256"] == sha256(paths[name])
    assert dam(library, "show", "--json", "--", shown["locations"][0]["path"]).json["id"] == shown["id"]


def test_json_about_strange_names_is_valid_and_keeps_the_true_bytes(strange):
    library, paths = strange
    found = dam(library, "search", "--json", "strange").lines
    assert {f["sha256"] for f in found} == {sha256(p) for p in paths.values()}
    inspected = dam(library, "inspect", "--json", *paths.values()).lines
    assert [i["generation"]["prompt"] for i in inspected] == [f"strange number{n}" for n in range(len(STRANGE))]
    true = [base64.b64decode(i["path_b64"]) if i["path_b64"] else i["path"].encode() for i in inspected]
    assert true == [os.fsencode(p) for p in paths.values()]


def test_words_about_strange_names_never_move_the_cursor(strange):
    library, paths = strange
    files = list(paths.values())
    shows = [("show", path) for path in files]
    for words in (("search", "strange"), ("inspect", *files), ("verify", *files), ("audit", "log"), *shows):
        answer = dam(library, *words)
        assert not set(answer.out + answer.err) & {"\x1b", "\r", "\u202e"}, words


def test_words_about_strange_names_never_break_a_line(strange):
    library, paths = strange
    path = paths[b"new\nline.png"]
    for words in (("search", "strange"), ("show", path), ("inspect", path), ("verify", path)):
        assert "\nline.png" not in dam(library, *words).out, words


def test_words_that_are_no_utf8_are_an_answer_and_no_crash(library, scan):
    scan()
    assert "understood as" in dam(library, "search", b"\xff").err
    for words in (("show", b"\xff\xfe"), ("root", "remove", b"\xff"), ("scan", b"\xff")):
        assert dam(library, *words).code == 1


# -- contents: one drive with everything on it, scanned once


def _png(width, height, data):
    def chunk(kind, body):
        return struct.pack(">I", len(body)) + kind + body + struct.pack(">I", zlib.crc32(kind + body))

    head = struct.pack(">IIBBBBB", width, height, 8, 0, 0, 0, 0)
    return b"\x89PNG\r\n\x1a\n" + chunk(b"IHDR", head) + chunk(b"IDAT", data) + chunk(b"IEND", b"")


PARAMETERS = {
    "numbers beyond every column": pictures.a1111("x").replace("Steps: 20", f"Steps: {10**40}")
    + f", Seed: {2**80}, CFG scale: 1e999, Size: {10**30}x{10**30}",
    "nothing but separators": ",:" * 20_000,
    "lone surrogates and NUL": 'x\\ud800\x01\nSteps: 20, Sampler: "\\u0000", Seed: 1',
}
WORKFLOWS = {
    "loop": json.dumps(
        {str(n): {"class_type": "KSampler", "inputs": {"model": [str((n + 1) % 9), 0]}} for n in range(9)}
    ),
    "deep": "[" * 100_000 + "]" * 100_000,
    "surrogate": '{"1": {"class_type": "CLIPTextEncode", "inputs": {"text": "\\ud800\\u0000"}}}',
    "numbers": f'{{"1": {{"class_type": "KSampler", "inputs": {{"seed": 1e400, "steps": {"9" * 400}, "cfg": NaN}}}}}}',
}
HOSTILE = [f"{name}.png" for name in (*PARAMETERS, *WORKFLOWS)]


@pytest.fixture(scope="module")
def messy(template_library, tmp_path_factory):
    """(library, drive, summary, seconds) of one scan."""
    base = tmp_path_factory.mktemp("messy")
    library, drive = copy_of(template_library, base / "library"), base / "drive"
    pictures.put(drive, "good.png", pictures.a1111_png(1))
    pictures.put(drive, "empty.png", b"")
    pictures.put(drive, "cut.png", pictures.a1111_png(2, "cut in half")[:30_000])
    pictures.put(drive, "text.png", b"this is not a picture\n")
    pictures.put(drive, "wall.png", _png(10_000, 10_000, zlib.compress(bytes(10_001 * 10_000), 1)))
    pictures.put(drive, "bomb.png", _png(60_000, 60_000, zlib.compress(bytes(60_001 * 500), 9)))
    for key, texts in (("parameters", PARAMETERS), ("prompt", WORKFLOWS)):
        for name, text in texts.items():
            data = pictures.png(pictures.painted(len(text)), {key: text})
            pictures.put(drive, f"{name}.png", data)
    pictures.put(base / "outside", "secret.png", pictures.a1111_png(3))
    (drive / "loop").symlink_to(drive)
    (drive / "link.png").symlink_to(drive / "good.png")
    (drive / "outside").symlink_to(base / "outside")
    os.mkfifo(drive / "pipe.png")
    begun = time.monotonic()
    answer = dam(library, "scan", "--json", str(drive), timeout_s=120)
    assert answer.code == 0
    return library, drive, answer.json, time.monotonic() - begun


def stages(library, path):
    return {s["stage"]: (s["state"], s["code"]) for s in asset_of(library, path)["stages"]}


def test_every_file_of_a_messy_drive_is_explained(messy):
    _, drive, summary, _ = messy
    files = [p for p in drive.iterdir() if p.is_file() and not p.is_symlink()]
    assert summary["seen"] == len(files) == summary["admitted"] + 1  # all but the empty one
    assert (summary["unexplained"], summary["waiting"], summary["problems"]) == (0, [], [])
    assert {p for p, _ in held(summary)} == {"empty.png", "cut.png", "bomb.png"}
    assert all(len(q["message"]) > 10 for q in summary["quarantined"])


def test_a_file_without_bytes_is_quarantined(messy):
    assert ("empty.png", "file.empty") in held(messy[2])


def test_a_truncated_picture_is_an_asset_with_a_reason_why_it_has_no_pixels(messy):
    library, _, summary, _ = messy
    assert asset_of(library, "cut.png")["prompt"] == "cut in half"
    assert stages(library, "cut.png")["pixels"] == ("failed", "file.undecodable")
    assert stages(library, "cut.png")["protect"][0] == "skipped"
    assert ("cut.png", "file.undecodable") in held(summary)


def test_a_picture_of_a_hundred_megapixels_is_taken_in(messy):
    shown = asset_of(messy[0], "wall.png")
    assert shown["width_px"] * shown["height_px"] == 100_000_000
    assert stages(messy[0], "wall.png")["pixels"] == ("done", None)


def test_a_decompression_bomb_is_quarantined_by_its_header(messy):
    library, drive, summary, seconds = messy
    assert ("bomb.png", "image.too_large") in held(summary)
    (reason,) = [q["message"] for q in summary["quarantined"] if q["path"] == "bomb.png"]
    assert "60000 x 60000" in reason
    assert seconds < 60
    assert dam(library, "inspect", "--json", str(drive / "bomb.png")).json["media"]["width_px"] == 60_000


def test_a_file_is_what_its_bytes_say_and_not_its_name(messy):
    assert asset_of(messy[0], "text.png")["kind"] == "document"


@pytest.mark.parametrize("name", HOSTILE)
def test_hostile_metadata_stops_nothing(messy, name):
    library, _, _, _ = messy
    assert stages(library, name)["pixels"] == ("done", None)


def test_all_json_is_json_whatever_the_metadata_says(messy):
    lines = dam(messy[0], "search", "--json", "--limit", "100").out.splitlines()
    assert len(lines) == messy[2]["admitted"]
    for line in lines:
        json.loads(line, parse_constant=pytest.fail)  # NaN and Infinity are none


def test_links_and_pipes_are_ignored(messy):
    assert messy[2]["ignored"] == 4
    assert ledger.rows(messy[0], "SELECT path FROM location WHERE path LIKE '%secret%' OR path LIKE 'l%'") == [
        {"path": "lone surrogates and NUL.png"},
        {"path": "loop.png"},
    ]


def test_an_empty_file_that_gets_bytes_is_taken_in(library, drive, scan):
    pictures.put(drive, "empty.png", b"")
    assert held(scan()) == {("empty.png", "file.empty")}
    pictures.put(drive, "empty.png", pictures.a1111_png(2))
    summary = scan()
    assert (summary["admitted"], summary["quarantined"]) == (1, [])


def test_a_quarantined_file_that_is_deleted_is_forgotten(drive, scan):
    pictures.put(drive, "was good.png", pictures.a1111_png(2))
    scan()
    pictures.put(drive, "was good.png", b"")
    assert held(scan()) == {("was good.png", "file.empty")}
    (drive / "was good.png").unlink()
    assert scan()["quarantined"] == []


def test_a_time_that_no_database_holds_is_cut_and_stops_no_scan(drive, scan):
    late = pictures.put(drive, "late.png", pictures.a1111_png(2))
    try:
        os.utime(late, (2**34, 2**34))  # the year 2514
    except OSError:
        pytest.skip("this file system knows no such time")
    summary = scan()
    assert (summary["admitted"], summary["problems"]) == (2, [])
    assert scan()["unchanged"] == 2


def test_a_pipe_or_folder_in_the_hand_is_no_file_and_does_not_hang(library, drive):
    os.mkfifo(drive / "pipe.png")
    answer = dam(library, "inspect", "--json", str(drive / "pipe.png"), str(drive), timeout_s=10)
    assert answer.code == 3
    assert [line["problems"][0]["code"] for line in answer.lines] == ["file.unreadable"] * 2


def test_a_file_that_vanishes_between_scan_and_admission_leaves_no_trace(library, drive):
    gone = pictures.put(drive, "gone.png", pictures.a1111_png(2))
    with opened(library, protect="none") as service:
        service.roots.add(str(drive))
        service.passes.look()
        gone.unlink()
        summary = service.passes.scan()
    assert (summary.admitted, summary.quarantined, summary.missing) == (1, [], 0)
    assert ledger.rows(library, "SELECT * FROM intake") == []


# -- settings and usage


@pytest.mark.parametrize(("name", "value"), [("DAM_SETTLE_S", "soon"), ("DAM_SETTLE_S", "-1"), ("DAM_PROTECT", "some")])
def test_a_wrong_setting_is_a_usage_error_that_names_it(known, name, value):
    answer = dam(known, "root", "list", **{name: value})
    assert answer.code == 2
    assert name in answer.err


def test_a_wrong_dam_toml_is_a_usage_error(library):
    (library / "dam.toml").write_text("settle_s = \n")
    answer = dam(library, "root", "list")
    assert answer.code == 2
    assert "dam.toml" in answer.err


@pytest.fixture(scope="module")
def known(template_library, tmp_path_factory):
    """A library that knows one picture."""
    base = tmp_path_factory.mktemp("known")
    pictures.put(base / "drive", "good.png", pictures.a1111_png(1))
    library = copy_of(template_library, base / "library")
    with opened(library, protect="none") as service:
        service.roots.add(str(base / "drive"))
        service.passes.scan()
    return library


@pytest.mark.parametrize(
    ("words", "code"),
    [
        (("show", "nothing"), 1),
        (("show", ""), 2),
        (("search", "nothing"), 1),
        (("search", "--sort", "colour"), 2),
        (("review", "reject", "good.png"), 2),
        (("review", "history", "good.png"), 1),
        (("review", "approve", "nobody.png"), 1),
        (("verify", "good.png"), 3),
        (("identify", "nowhere.png"), 3),
        (("inspect", "nowhere.png"), 3),
        (("lineage", "good.png", "--format", "painting"), 2),
        (("root", "remove", "nowhere"), 1),
        (("root", "set", "drive", "--protect", "some"), 2),
        (("audit", "log", "--limit", "0"), 2),
        (("nonsense",), 2),
        (("scan", "--nonsense"), 2),
    ],
)
def test_exit_codes_are_as_documented(known, words, code):
    answer = dam(known, *words)
    assert answer.code == code, answer
    assert answer.err or code in (1, 3)


def test_a_library_of_another_version_asks_for_migration(library):
    import sqlite3

    with contextlib.closing(sqlite3.connect(library / "catalogue.db")) as connection:
        connection.execute("UPDATE alembic_version SET version_num = 'm9999'")
        connection.commit()
    answer = dam(library, "root", "list")
    assert answer.code == 5
    assert "m9999" in answer.err


def test_a_file_that_is_no_catalogue_is_said_in_a_sentence(tmp_path):
    pictures.put(tmp_path, "library/catalogue.db", b"this is no database, however often you open it\n" * 99)
    answer = dam(tmp_path / "library", "root", "list", codes=(10,))
    assert "catalogue.db is damaged" in answer.err


def test_a_command_without_a_library_says_how_to_make_one(tmp_path):
    for words in (("root", "list"), ("search", "x"), ("show", "x"), ("doctor",), ("audit", "verify")):
        answer = dam(tmp_path / "none", *words)
        assert answer.code == 5
        assert "dam init" in answer.err
        assert not (tmp_path / "none").exists()
