"""Tiny clips and sounds with tags in every container that PyAV writes, and RIFF files made by hand."""

import functools
import io
import struct

import av
import numpy as np

CODECS = {
    "mp4": ("mpeg4", "aac"),
    "mov": ("mpeg4", "aac"),
    "ipod": (None, "aac"),
    "matroska": ("mpeg4", None),
    "webm": ("libvpx", None),
    "flv": ("flv", None),
    "avi": ("mpeg4", None),
    "mp3": (None, "libmp3lame"),
    "flac": (None, "flac"),
    "ogg": (None, "vorbis"),
    "opus": (None, "libopus"),
    "wav": (None, "pcm_s16le"),
    "aiff": (None, "pcm_s16be"),
}
_MUXER_OPTIONS = {"mp4": {"movflags": "use_metadata_tags"}, "mov": {"movflags": "use_metadata_tags"}}
_MUXER_OPTIONS |= {"ipod": {"movflags": "use_metadata_tags"}, "aiff": {"write_id3v2": "1"}}


@functools.cache
def tagged(form, tags=()):
    """The bytes of a short clip or sound in this container; `tags` are (key, value) pairs."""
    picture, sound = CODECS[form]
    out = io.BytesIO()
    with av.open(out, "w", format=form, options=_MUXER_OPTIONS.get(form, {})) as container:
        container.metadata.update(dict(tags))
        if picture:
            stream = container.add_stream(picture, rate=10)
            stream.width, stream.height, stream.pix_fmt = 64, 48, "yuv420p"
            frames = [av.VideoFrame.from_ndarray(np.full((48, 64, 3), 9, np.uint8), format="rgb24") for _ in range(3)]
        else:
            layout = "stereo" if sound == "vorbis" else "mono"  # FFmpeg's own Vorbis knows no other
            stream = container.add_stream(sound, rate=48000, options={"strict": "experimental"})
            stream.layout = layout
            silence = np.zeros((1, 4800 * (2 if layout == "stereo" else 1)), np.int16)
            frame = av.AudioFrame.from_ndarray(silence, format="s16", layout=layout)
            frame.sample_rate = 48000
            frames = [frame]
        for frame in frames:
            container.mux(stream.encode(frame))
        container.mux(stream.encode(None))
    return out.getvalue()


def riff_with(data, *chunks):
    """A RIFF file with further (name, bytes) chunks behind its own."""
    body = data[8:] + (b"\0" if len(data) % 2 else b"")
    for name, value in chunks:
        body += name + struct.pack("<I", len(value)) + value + b"\0" * (len(value) % 2)
    return b"RIFF" + struct.pack("<I", len(body)) + body


def info_list(**entries):
    """The value of a LIST chunk with INFO entries."""
    found = b"INFO"
    for name, text in entries.items():
        value = text.encode() + b"\0"
        found += name.encode() + struct.pack("<I", len(value)) + value + b"\0" * (len(value) % 2)
    return found


def mp4_with_user_box(kind, value):
    """An MP4 whose movie box ends with udta holding one box of this kind (placed by growing the movie box, if last)."""
    user = struct.pack(">I4s", 8 + len(value), kind) + value
    udta = struct.pack(">I4s", 8 + len(user), b"udta") + user
    data = tagged("mp4")
    at = data.index(b"moov") - 4
    size = int.from_bytes(data[at : at + 4], "big")
    assert at + size == len(data)
    return data[:at] + struct.pack(">I", size + len(udta)) + data[at + 4 :] + udta
