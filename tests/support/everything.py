"""A small whole file of every kind that is signed: name -> (media type, bytes). Made here, by libraries and by hand."""

import functools
import io
import struct

from PIL import Image

from tests.support import containers, papers, pictures, sounds

EMBEDDED = (
    "a.jpg", "a.png", "a.webp", "a.tif", "a.avif", "a.gif", "moving.gif", "moving.webp", "a.svg", "a.mp4", "a.mov", "a.m4a",
    "a.avi", "a.wav", "a.mp3", "a.flac", "a.pdf", "a.zip",
)  # fmt: skip
BESIDE = (
    "a.mkv", "a.webm", "a.flv", "a.ogg", "a.opus", "a.aiff", "a.psd", "a.bmp", "a.glb", "a.txt", "a.json", "a.edl",
    "packed.zip",
)  # fmt: skip


def _moving(form):
    frames = [Image.fromarray(pictures.painted(seed, 64, 48)) for seed in (1, 2, 3)]
    out = io.BytesIO()
    frames[0].save(out, form, save_all=True, append_images=frames[1:], duration=40)
    return out.getvalue()


def _still(form):
    out = io.BytesIO()
    Image.fromarray(pictures.painted(1, 512, 384)).save(out, form)
    return out.getvalue()


def _psd():
    """Eight by eight pixels, uncompressed, no layers (Adobe Photoshop File Formats Specification)."""
    head = b"8BPS" + struct.pack(">H6xHIIHH", 1, 3, 8, 8, 8, 3)
    return head + bytes(12) + struct.pack(">H", 0) + bytes(range(192))


@functools.cache
def files():
    stills = {"a.jpg": "JPEG", "a.png": "PNG", "a.webp": "WEBP", "a.tif": "TIFF", "a.avif": "AVIF", "a.gif": "GIF"}
    clips = {
        "a.mp4": "mp4", "a.mov": "mov", "a.m4a": "ipod", "a.avi": "avi", "a.wav": "wav", "a.mp3": "mp3", "a.flac": "flac",
        "a.mkv": "matroska", "a.webm": "webm", "a.flv": "flv", "a.ogg": "ogg", "a.opus": "opus", "a.aiff": "aiff",
    }  # fmt: skip
    made = {name: _still(form) for name, form in stills.items()}
    made |= {name: sounds.tagged(form) for name, form in clips.items()}
    made |= {
        "moving.gif": _moving("GIF"),
        "moving.webp": _moving("WEBP"),
        "a.svg": containers.svg("x"),
        "a.pdf": papers.pdf(),
        "a.zip": papers.stored_zip(notes_txt=b"hello", more_txt=b"world"),
        "packed.zip": containers.zipped({"notes.txt": b"hello" * 99}),
        "a.psd": _psd(),
        "a.bmp": _still("BMP"),
        "a.glb": containers.glb({"x": 1}),
        "a.txt": b"crane comes up, camera left\n",
        "a.json": b'{"a": 1}',
        "a.edl": b"TITLE: X\nFCM: NON-DROP FRAME\n\n001  A V C 00:00:00:00 00:00:01:00 00:00:00:00 00:00:01:00\n",
    }
    assert set(made) == {*EMBEDDED, *BESIDE}
    return made
