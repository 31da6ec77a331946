"""Which clips an edit uses: every format in the ways that editing programs write it."""

import csv
import json

import opentimelineio as otio
import pytest

from dam.media.probe import probe
from dam.metadata.timeline_contract import TimelineFile
from dam.metadata.timeline_media import media_name
from dam.metadata.timeline_read import read_timeline
from tests.support import timelines as made


@pytest.fixture
def read(tmp_path):
    """Writes a file and reads it the whole way: by its contents, whatever its name says."""

    def reading(data, name="cut"):
        path = tmp_path / name
        path.write_bytes(data.encode() if isinstance(data, str) else data)
        found = probe(str(path))
        return read_timeline(TimelineFile(str(path), found.size_bytes, found.media.mime))

    return reading


def clips(reading):
    assert reading.problems == ()
    return reading.timeline.clips


def places(reading):
    return [(c.name, c.media, c.start_s, c.duration_s) for c in clips(reading)]


# -- what media are called


@pytest.mark.parametrize(
    ("url", "name"),
    [
        ("file://localhost/D%3a/media/a%20b.mov", "D:/media/a b.mov"),
        ("file:///D:/media/a.mov", "D:/media/a.mov"),
        ("file://D:/media/a.mov", "D:/media/a.mov"),
        ("file:///Volumes/Work/%C3%A9t%C3%A9.mov", "/Volumes/Work/été.mov"),
        ("file:///Volumes/100%/a.mov", "/Volumes/100%/a.mov"),
        ("file:///a/%ff.mov", "/a/%ff.mov"),
        ("file://server/share/a.mov", "//server/share/a.mov"),
        ("file:////server/share/a.mov", "//server/share/a.mov"),
        ("file:/a/b.mov", "/a/b.mov"),
        (r"S:\path\to\a.exr", r"S:\path\to\a.exr"),
        (r"\\nas\show\a.exr", r"\\nas\show\a.exr"),
        ("../02_shots/a%20b.png", "../02_shots/a%20b.png"),
        ("https://ana:secret@cdn.example.org/a%20b.mp4?sig=secret#t", "https://cdn.example.org/a b.mp4"),
        ("s3://key:secret@bucket/a.mp4", "s3://bucket/a.mp4"),
        ("", None),
        (None, None),
        ("None", None),
        (7.5j, None),
    ],
)
def test_media_are_named_as_people_know_them(url, name):
    assert media_name(url) == name


# -- EDL


def test_an_edl_gives_names_paths_reels_and_times(read):
    text = made.edl(
        made.event(1, 86400, 48, ["* FROM CLIP NAME: hero.mov", "* FROM FILE: P:\\show\\hero.mov"], reel="A001"),
        made.event(2, 86448, 24, ["*FROM CLIP NAME:  line.wav"], channels="A2"),
        made.event(3, 86472, 24, reel="ZZ100_501"),
    )
    found = read(text).timeline
    assert (found.name, found.rate, found.duration_s) == ("CUT_V1", 24.0, 4.0)
    assert [(c.name, c.media, c.start_s, c.duration_s, c.track, c.kind, c.reel) for c in found.clips] == [
        ("hero.mov", "P:\\show\\hero.mov", 0.0, 2.0, "V", "video", "A001"),
        ("line.wav", None, 2.0, 1.0, "A2", "audio", None),
        ("ZZ100_501", None, 3.0, 1.0, "V", "video", "ZZ100_501"),
    ]


def test_an_avid_source_file_is_the_tape_without_its_layer(read):
    comments = ["* FROM CLIP NAME: ZZ9 (LAY3)", "* SOURCE FILE: ZZ9.LAY3.01"]
    assert places(read(made.edl(made.event(1, 0, 24, comments)))) == [("ZZ9 (LAY3)", "ZZ9", 0.0, 1.0)]
    comments = ["* SOURCE FILE: /show/a.LAY3.png"]
    assert places(read(made.edl(made.event(1, 0, 24, comments)))) == [("a.LAY3.png", "/show/a.LAY3.png", 0.0, 1.0)]


def test_a_dissolve_uses_the_incoming_clip_once(read):
    text = made.edl(
        made.event(1, 0, 24, ["* FROM CLIP NAME: a.mov"]),
        made.event(2, 24, 0),
        made.event(2, 24, 48, ["* FROM CLIP NAME: a.mov", "* TO CLIP NAME: b.mov"], kind="D    012"),
        made.event(3, 72, 24, ["* FROM CLIP NAME: c.mov"], reel="R3", kind="W001 010"),
    )
    assert places(read(text)) == [
        ("a.mov", None, 0.0, 1.0),
        ("b.mov", None, 1.0, 2.0),
        ("c.mov", None, 3.0, 1.0),
    ]


def test_one_odd_event_costs_itself_only(read):
    text = made.edl(
        made.event(1, 0, 24, ["* FROM CLIP NAME: a.mov"]), "002  AX  V  C  nonsense\r\n* FROM CLIP NAME: b.mov\r\n",
        made.event(3, 24, 24, ["* FROM CLIP NAME: c.mov"]),
    )  # fmt: skip
    found = read(text)
    assert [c.name for c in found.timeline.clips] == ["a.mov", "b.mov", "c.mov"]
    assert found.timeline.clips[1].start_s is None
    assert [p.code for p in found.problems] == ["timeline.partly_read"]


def test_black_is_no_media_and_frame_counts_are_times(read):
    text = "TITLE: x\n001  BL V C 0 24 0 24\n002  shot_a.png  V  C  0 48 24 72\n"
    found = clips(read(text, "x.edl"))
    assert [(c.name, c.media, c.kind, c.start_s, c.duration_s) for c in found] == [
        ("BL", None, "generator", 0.0, 1.0),
        ("shot_a.png", "shot_a.png", "video", 1.0, 2.0),
    ]


def test_a_comment_that_a_script_marked_as_one_names_the_clip(read):
    text = b"TITLE: T\n\n001  AX  V  C  00:00:00:00 00:00:05:00 01:00:00:00 01:00:05:00\nCOMMENT:* FROM CLIP NAME: quay.mov\n"
    assert [clip.name for clip in clips(read(text))] == ["quay.mov"]


def test_a_project_without_a_sequence_still_shows_its_spine(read):
    text = b'<fcpxml version="1.11"><resources><asset id="2" src="file:///m/quay.mp4"/></resources><library><event><project>'
    text += b'<spine><asset-clip name="Quay" ref="2" duration="2s"/></spine></project></event></library></fcpxml>'
    assert [clip.media for clip in clips(read(text))] == ["/m/quay.mp4"]


@pytest.mark.parametrize(("fps", "rate"), [(24, 24.0), (25, 25.0), (30, 30.0), (60, 60.0)])
def test_the_rate_is_the_smallest_above_the_frames_seen(read, fps, rate):
    assert read(made.edl(made.event(1, 0, fps - 1, fps=fps), made.event(2, fps, 5, fps=fps))).timeline.rate == rate


# -- OTIO


def test_otio_places_clips_behind_gaps_and_inside_nested_stacks(read):
    gap = {"OTIO_SCHEMA": "Gap.1", "source_range": made.span(0, 48)}
    inner = {
        "OTIO_SCHEMA": "Stack.1", "name": "comp", "source_range": made.span(12, 24),
        "children": [made.otio_track([made.otio_clip("deep.mov", "deep.mov", 48)])],
    }  # fmt: skip
    fade = {"OTIO_SCHEMA": "Transition.1"}
    track = made.otio_track([gap, made.otio_clip("a", "file:///x/a.mov", 24, start=12), fade, inner], name="Main")
    sound = made.otio_track([made.otio_clip("b.wav")], "Audio")
    found = read(made.otio(track, sound, name="v7"))
    assert [(c.name, c.start_s, c.duration_s, c.track, c.kind) for c in clips(found)] == [
        ("a", 2.0, 1.0, "Main", "video"),
        ("deep.mov", 2.5, 2.0, "Main", "video"),
        ("b.wav", 0.0, 1.0, "A1", "audio"),
    ]
    assert clips(found)[0].source_start_s == 0.5
    assert found.timeline.name == "v7"


def test_otio_of_any_schema_version_is_read(read):
    """The library of 2025 refuses files of later schemas."""
    document = made.otio_document(made.otio_track([made.otio_clip("a", "a.mov")]))
    document["tracks"]["markers"] = [{"OTIO_SCHEMA": "Marker.99", "color": {"OTIO_SCHEMA": "Color.1"}}]
    data = json.dumps(document).replace("Clip.2", "Clip.77").encode()
    with pytest.raises(otio.exceptions.UnsupportedSchemaError):
        otio.adapters.read_from_string(data.decode(), "otio_json")
    assert places(read(data)) == [("a", "a.mov", 0.0, 1.0)]


def test_otio_image_sequences_older_clips_and_stated_hashes(read):
    frames = {
        "OTIO_SCHEMA": "ImageSequenceReference.1", "target_url_base": "file:///show/sh010/", "name_prefix": "sh010.",
        "name_suffix": ".exr", "start_frame": 1001, "frame_zero_padding": 4,
    }  # fmt: skip
    old = {"OTIO_SCHEMA": "Clip.1", "name": "sh010", "media_reference": frames, "source_range": made.span(0, 24)}
    stated = made.otio_clip("b", "b.png", headwater={"sha256": "AB" * 32})
    found = clips(read(made.otio(made.otio_track([old, stated]))))
    assert [c.media for c in found] == ["/show/sh010/sh010.1001.exr", "b.png"]
    assert [c.sha256 for c in found] == [None, "ab" * 32]


def test_otioz_is_read_from_its_zip(read):
    data = made.otio(made.otio_track([made.otio_clip("a", "media/a.mov")]))
    assert places(read(made.zipped({"content.otio": data, "version.txt": "1.0.0"}))) == [("a", "media/a.mov", 0.0, 1.0)]


def test_a_cut_off_otio_still_gives_its_whole_clips(read):
    data = made.otio(made.otio_track([made.otio_clip(f"c{n}", f"c{n}.mov") for n in range(9)]))
    found = read(data[: len(data) * 2 // 3])
    assert [p.code for p in found.problems] == ["timeline.partly_read"]
    assert [c.media for c in found.timeline.clips[:4]] == ["c0.mov", "c1.mov", "c2.mov", "c3.mov"]


# -- Final Cut Pro 7 XML


def test_fcp7_follows_file_ids_transitions_and_nested_sequences(read):
    fade = "<transitionitem><start>36</start><end>60</end></transitionitem>"
    nest = made.clipitem("nest", 72, 96, file_id="", into=12, extra='<sequence id="s2"/>').replace(
        '<file id=""></file>', ""
    )
    outer = made.fcp7_sequence(
        "outer", made.clipitem("a.mov", 0, -1, url="file://localhost/D%3a/a.mov"), fade,
        made.clipitem("renamed", -1, 72, file_id="f1"), nest, sound=[made.clipitem("b.wav", 24, 48, url="b.wav", file_id="f2")],
    )  # fmt: skip
    inner = made.fcp7_sequence("inner", made.clipitem("c.png", 24, 48, url="c.png", file_id="f3"), sequence_id="s2")
    found = read(made.fcp7(outer, inner))
    assert [(c.sequence, c.name, c.media, c.start_s, c.duration_s, c.track) for c in clips(found)] == [
        ("outer", "a.mov", "D:/a.mov", 0.0, 2.5, "V1"),
        ("outer", "renamed", "D:/a.mov", 1.5, 1.5, "V1"),
        ("outer", "c.png", "c.png", 3.5, 1.0, "V1"),
        ("outer", "b.wav", "b.wav", 1.0, 1.0, "A1"),
        ("inner", "c.png", "c.png", 1.0, 1.0, "V1"),
    ]
    assert found.timeline.sequences == ("outer", "inner")


def test_fcp7_in_utf16_and_with_a_generator(read):
    title = "<generatoritem><name>Title</name><start>0</start><end>24</end></generatoritem>"
    text = made.fcp7(made.fcp7_sequence("s", title)).decode()
    found = clips(read(text.encode("utf-16")))
    assert [(c.name, c.kind, c.media) for c in found] == [("Title", "generator", None)]


def test_a_cut_off_fcp7_keeps_what_stood_before(read):
    data = made.fcp7(made.fcp7_sequence("s", *(made.clipitem(f"{n}.mov", n, n + 1, file_id=f"f{n}") for n in range(9))))
    found = read(data[: len(data) // 2])
    assert [p.code for p in found.problems] == ["timeline.partly_read"]
    assert len(found.timeline.clips) >= 3


# -- FCPXML


def test_fcpxml_gives_stills_connected_clips_and_media_of_newer_versions(read):
    resources = (
        '<asset id="r2" name="plate" hasVideo="1"><media-rep kind="proxy-media" src="file:///p/plate_px.mov"/>'
        '<media-rep kind="original-media" src="file:///p/plate.mov"/></asset>'
        '<asset id="r3" name="still" src="file:///p/still%20one.png"/><asset id="r4" hasVideo="0" src="file:///p/m.wav"/>'
        '<effect id="r5" name="Clouds"/>'
    )
    spine = (
        '<asset-clip name="plate" ref="r2" offset="3600s" start="10s" duration="4s">'
        '<asset-clip name="music" ref="r4" lane="-1" offset="11s" duration="240/24s"/></asset-clip>'
        '<video name="still" ref="r3" offset="3604s" start="3600s" duration="2s"/>'
        '<gap offset="3606s" duration="1s"/><video name="sky" ref="r5" offset="3607s" duration="1s"/>'
        '<title name="End" ref="r5" offset="3608s" duration="1s"/>'
    )
    found = read(made.fcpxml(resources, spine, start="3600s"))
    assert [(c.name, c.media, c.start_s, c.duration_s, c.track, c.kind) for c in clips(found)] == [
        ("plate", "/p/plate.mov", 0.0, 4.0, "primary", "video"),
        ("music", "/p/m.wav", 1.0, 10.0, "lane -1", "audio"),
        ("still", "/p/still one.png", 4.0, 2.0, "primary", "video"),
        ("sky", None, 7.0, 1.0, "primary", "generator"),
        ("End", None, 8.0, 1.0, "primary", "generator"),
    ]
    assert (found.timeline.name, found.timeline.rate) == ("cut", 24.0)


def test_fcpxml_follows_compound_multicam_and_split_clips(read):
    resources = (
        '<asset id="r2" src="file:///a.mov"/><asset id="r3" src="file:///b.mov"/>'
        '<media id="m1" name="comp"><sequence tcStart="0s"><spine><gap offset="0s" duration="5s"/>'
        '<asset-clip name="a" ref="r2" offset="5s" duration="2s"/></spine></sequence></media>'
        '<media id="m2"><multicam><mc-angle angleID="one"><asset-clip name="b" ref="r3" offset="0s" duration="9s"/></mc-angle>'
        '<mc-angle angleID="two"><asset-clip name="a" ref="r2" offset="0s" duration="9s"/></mc-angle></multicam></media>'
    )
    spine = (
        '<ref-clip name="comp" ref="m1" offset="0s" start="4s" duration="3s"/>'
        '<mc-clip ref="m2" offset="3s" duration="2s"><mc-source angleID="one" srcEnable="all"/></mc-clip>'
        '<clip name="split" offset="5s" duration="2s"><video ref="r2" offset="0s" duration="60s"/></clip>'
        '<spine lane="1" offset="1s"><asset-clip name="b" ref="r3" offset="2s" duration="1s"/></spine>'
    )
    assert places(read(made.fcpxml(resources, spine))) == [
        ("a", "/a.mov", 1.0, 2.0),
        ("b", "/b.mov", 3.0, 9.0),
        ("split", "/a.mov", 5.0, 2.0),
        ("b", "/b.mov", 3.0, 1.0),
    ]


# -- DaVinci Resolve


def test_resolve_follows_compound_clips_and_timelines_into_their_media(read):
    pool = [
        made.pool_clip("Sm2MpVideoClip", "v", "plate.mov"),
        made.pool_clip("Sm2MpTimelineClip", "t", "CUT", "seq-t"),
        made.pool_clip("Sm2MpCompoundClip", "c", "COMP", "seq-c"),
    ]
    cut = made.tracks(
        "seq-t", made.track_item("COMP", 86400, 24, ref="c"), made.track_item("plate.mov", 86424, 48, ref="v")
    )
    comp = made.tracks(
        "seq-c", made.track_item("deep.png", 0, 24, ref="x", path="/m/deep.png"), made.track_item("Title", 24, 24)
    )
    found = read(made.drp(pool, [cut, comp]))
    assert [(c.sequence, c.name, c.media, c.start_s, c.duration_s, c.kind) for c in clips(found)] == [
        ("CUT", "deep.png", "/m/deep.png", 0.0, 1.0, "video"),
        ("CUT", "Title", None, 1.0, 1.0, "generator"),
        ("CUT", "plate.mov", "plate.mov", 1.0, 2.0, "video"),
    ]
    assert (found.timeline.tool, found.timeline.rate) == ("DaVinci Resolve 21.0.4.0005", 24.0)


# -- AAF


@pytest.fixture
def aaf(tmp_path):
    """An AAF that the adapter wrote itself."""
    timeline = otio.schema.Timeline("avid cut")
    track = otio.schema.Track("V1", kind=otio.schema.TrackKind.Video)
    timeline.tracks.append(track)
    for name in ("a.mov", "b c.mov"):
        time = otio.opentime.RationalTime
        used = otio.opentime.TimeRange(time(0, 24), time(48, 24))
        media = otio.schema.ExternalReference(f"file:///show/{name}", used)
        track.append(otio.schema.Clip(name, media, used))
    path = tmp_path / "cut.aaf"
    otio.adapters.write_to_file(timeline, str(path), "AAF", use_empty_mob_ids=True)
    return path.read_bytes()


def test_an_aaf_gives_its_clips(read, aaf):
    found = read(aaf)
    assert [(c.name, c.start_s, c.duration_s, c.kind) for c in clips(found)] == [
        ("a.mov", 0.0, 2.0, "video"),
        ("b c.mov", 2.0, 2.0, "video"),
    ]
    assert found.timeline.rate == 24.0


def test_a_damaged_aaf_still_says_which_media_it_means(read):
    head = b"\xd0\xcf\x11\xe0\xa1\xb1\x1a\xe1" + b"\x41\x41\x46\x42\x0d\x00\x4f\x4d\x06\x0e\x2b\x34\x01\x01\x01\xff"
    url = "file:///show/été one.mov".encode("utf-16-le")
    found = read(head.ljust(4096, b"\0") + url + b"\0\0" * 9 + url + b"\0\0")
    assert [(c.name, c.media) for c in found.timeline.clips] == [("été one.mov", "/show/été one.mov")]
    assert [p.code for p in found.problems] == ["timeline.partly_read"]


# -- the same answers as OpenTimelineIO's own adapters


def oracle():
    """A timeline that every adapter can write: two video clips with a gap between them."""
    time = otio.opentime.RationalTime
    timeline = otio.schema.Timeline("same")
    track = otio.schema.Track("V", kind=otio.schema.TrackKind.Video)
    timeline.tracks.append(track)
    for name, start in (("sh010.mov", 0), (None, 0), ("sh020.mov", 12)):
        used = otio.opentime.TimeRange(time(start, 24), time(48, 24))
        whole = otio.opentime.TimeRange(time(0, 24), time(240, 24))
        media = otio.schema.ExternalReference(f"file:///show/{name}", whole)
        track.append(otio.schema.Clip(name, media, used) if name else otio.schema.Gap(source_range=used))
    return timeline


@pytest.mark.parametrize("adapter", ["cmx_3600", "fcp_xml", "fcpx_xml", "otio_json"])
def test_what_the_adapters_write_is_read_as_they_read_it(read, adapter):
    text = otio.adapters.write_to_string(oracle(), adapter)
    theirs = otio.adapters.read_from_string(text, adapter)
    expected = [
        (c.name, c.transformed_time_range(c.trimmed_range(), c.parent()).start_time.to_seconds())
        for c in theirs.find_clips()
    ]
    found = [(c.name, c.source_start_s) for c in clips(read(text)) if c.kind == "video"]
    assert [name for name, _ in found] == [name for name, _ in expected]
    assert [(c.start_s, c.duration_s) for c in clips(read(text)) if c.kind == "video"] == [(0.0, 2.0), (4.0, 2.0)]


def test_real_timelines_give_the_media_that_are_known_to_be_in_them(shared):
    folder = shared / "data/ai-metadata"
    missed = []
    with (folder / "MANIFEST.tsv").open() as stream:
        rows = [r for r in csv.DictReader(stream, delimiter="\t") if r["tool"] == "timeline"]
    for row in rows:
        path = folder / row["path"]
        found = probe(str(path))
        reading = read_timeline(TimelineFile(str(path), found.size_bytes, found.media.mime))
        assert reading.problems == (), path
        have = {str(n).replace("\\", "/").rpartition("/")[2] for c in reading.timeline.clips for n in (c.name, c.media)}
        missed += [name for name in json.loads(row["expected_json"])["media"] if name not in have]
    assert rows
    assert missed == []
