"""A new tool's format shows up under parse:unparsed; what everybody writes does not."""

import pytest

from dam.media.exif import NAMES
from dam.media.probe import Text
from dam.metadata import keep
from dam.metadata.read import read_claims
from dam.metadata.unparsed import is_worth_a_look

PROMPT = "a lighthouse at dusk, long exposure, 35 mm film, soft grain"


def carrier(name, text):
    """A text as probe names it: EXIF tags have names where they have one."""
    raw = text.encode()
    kind, _, rest = name.partition(":")
    key = rest.partition(":")[2] if kind in ("png", "glb") else rest
    if kind == "exif":
        key = NAMES.get(int(rest, 16), rest)
    return Text(name, key, text, raw, len(raw))


@pytest.mark.parametrize(
    ("name", "text"),
    [
        ("png:tEXt:parameters", "only words"),
        ("png:tEXt:newtool_recipe", '{"words": "a cat", "n": 3}'),
        ("png:tEXt:brush_engine", "v3"),
        ("png:iTXt:Comment", PROMPT),
        ("png:tEXt:Software", '{"app": "newtool", "words": "a cat"}'),
        ("exif:0x9286", PROMPT),
        ("exif:0x010e", f"{PROMPT} | steps: 20 | seed: 7 | model: x"),
        ("exif:0xfde8", PROMPT),
        ("exif:0x0110", '{"3": {"class": "X"}}'),
        ("jpeg:com", PROMPT),
        ("container:newtool", "v1"),
        ("container:comment", PROMPT),
        ("stream0:com.newtool.recipe", "abc"),
        ("sidecar:txt", "a cat\nSteps: 20, Seed: 3, Model: x"),
        ("sidecar:json", '{"recipe": "a cat"}'),
        ("glb:extras:recipe", "a cat"),
    ],
)
def test_what_nobody_knows_is_worth_a_look(name, text):
    assert is_worth_a_look(carrier(name, text))


@pytest.mark.parametrize(
    ("name", "text"),
    [
        ("png:tEXt:Software", "Adobe ImageReady"),
        ("png:tEXt:date:create", "2025-03-27T21:10:17+00:00"),
        ("png:tEXt:Comment", "Created with GIMP"),
        ("png:tEXt:XML:com.adobe.xmp", "<?xpacket begin=''?>"),
        ("png:zTXt:Raw profile type exif", "\nexif\n 30\n4578"),
        ("png:tEXt:Thumb::MTime", "1700000000"),
        ("png:tEXt:parameters", " \0"),
        ("exif:0x010f", "NIKON CORPORATION"),
        ("exif:0x010e", "OLYMPUS DIGITAL CAMERA"),
        ("exif:0x010e", "The mayor opens the bridge; in front the choir of the harbour school. " * 4),
        ("exif:0x9286", "ASCII\0\0\0"),
        ("exif:0x9003", "2022:10:25 11:27:32"),
        ("exif:0xa434", "NIKKOR Z 24-70mm f/4 S"),
        ("jpeg:com", "CREATOR: gd-jpeg v1.0 (using IJG JPEG v80), quality = 90"),
        ("jpeg:com", "Lavc60.3.100"),
        ("container:major_brand", "isom"),
        ("container:encoder", "Lavf60.3.100"),
        ("container:com.apple.quicktime.make", "Apple"),
        ("container:title", "Cicadas"),
        ("stream0:handler_name", "Mainconcept Video Media Handler"),
        ("stream0:DURATION", "00:00:00.026000000"),
        ("stream1:language", "und"),
        ("sidecar:txt", "notes of the day: the light was good, ask Ana for the second reel of the harbour"),
        ("svg:metadata", "image/svg+xml"),
    ],
)
def test_what_everybody_writes_is_not(name, text):
    assert not is_worth_a_look(carrier(name, text))


def test_short_words_beside_a_text_that_was_read_belong_to_its_tool(probe_of):
    a1111 = "cat\nSteps: 20, Sampler: Euler, CFG scale: 7, Seed: 1, Size: 64x64, Model: m"
    claims, _ = read_claims(
        probe_of([("parameters", a1111), ("aesthetic_score", "6.7"), ("newtool_recipe", '{"words": "a cat"}')])
    )
    assert [(c.reader, c.carrier) for c in claims] == [
        ("a1111", "png:tEXt:parameters"), ("unparsed", "png:tEXt:newtool_recipe")
    ]  # fmt: skip


def test_carriers_that_no_reader_claimed_are_counted_whether_shown_or_not(probe_of):
    probe = probe_of([("parameters", "only words"), ("Software", "GIMP")])
    claims, _ = read_claims(probe)
    assert ([c.reader for c in claims], keep.pack(probe).unread(claims)) == (["unparsed"], 2)
