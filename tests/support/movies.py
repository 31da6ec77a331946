"""Short films made of painted pictures: each scene another picture, seen through a window that wanders over it."""

import av
import cv2
import numpy as np

from tests.support import pictures

RATE = 24


def scene(seed, seconds, size=(640, 360), rate=RATE):
    """Frames, uint8 (H, W, 3): the window moves and grows, so no two seconds look quite the same."""
    width, height = size
    canvas = pictures.painted(seed, 1024, 768)
    count = round(seconds * rate)
    for number in range(count):
        along = number / max(1, count - 1)
        wide = round(700 + 200 * along)
        high = round(wide * height / width)
        left, top = round((1024 - wide) * along), round((768 - high) * (1 - along))
        yield cv2.resize(canvas[top : top + high, left : left + wide], size, interpolation=cv2.INTER_AREA)


def film(seeds, seconds=3.0, size=(640, 360), rate=RATE):
    """All frames of several scenes."""
    return [frame for seed in seeds for frame in scene(seed, seconds, size, rate)]


def write(path, frames, *, rate=RATE, codec="libx264", crf=20, gop=48, sound=False, tags=None):
    """An MP4 (or whatever the suffix says) of these frames; with `sound` a tone of their length."""
    height, width = frames[0].shape[:2]
    with av.open(str(path), "w", options={"movflags": "use_metadata_tags"}) as container:
        container.metadata.update(tags or {})
        stream = container.add_stream(codec, rate=rate, options={"crf": str(crf), "g": str(gop)})
        stream.width, stream.height, stream.pix_fmt = width, height, "yuv420p"
        tone = container.add_stream("aac", rate=48000, layout="mono") if sound else None
        for frame in frames:
            container.mux(stream.encode(av.VideoFrame.from_ndarray(np.ascontiguousarray(frame), format="rgb24")))
        container.mux(stream.encode(None))
        if tone is not None:
            wave = np.sin(np.arange(48000 * len(frames) // rate) / 20).astype(np.float32)[None]
            heard = av.AudioFrame.from_ndarray(wave, format="fltp", layout="mono")
            heard.sample_rate = 48000
            container.mux(tone.encode(heard))
            container.mux(tone.encode(None))
    return path


def resized(frames, size):
    return [cv2.resize(frame, size, interpolation=cv2.INTER_AREA) for frame in frames]
