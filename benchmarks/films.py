"""How often the mark of a video is read after what happens to videos, and how far the marked film is from the original.

Films of painted scenes with a wandering camera, each marked as a protected copy is (`filming.film`), then changed, encoded
again and asked for as `dam identify` does: a walk through the file, all frames read together, deep.

usage: python benchmarks/films.py [--films N] [--size W H] [--json]
"""

import argparse
import json
import platform
import statistics
import sys
import tempfile
import time
from collections.abc import Callable
from pathlib import Path
from typing import Any

import av
import cv2
import numpy as np

_ROOT = Path(__file__).resolve().parents[1]
_SECONDS = 3.0  # of each of two scenes
Frames = list[Any]


def middle(frames: Frames, share: float) -> Frames:
    height, width = frames[0].shape[:2]
    rows, columns = round(height * (1 - share)) // 2 * 2, round(width * (1 - share)) // 2 * 2
    top, left = (height - rows) * 3 // 5, (width - columns) // 3
    return [np.ascontiguousarray(one[top : top + rows, left : left + columns]) for one in frames]


def turned(frame: Any, degrees: float) -> Any:
    height, width = frame.shape[:2]
    return cv2.warpAffine(frame, cv2.getRotationMatrix2D((width / 2, height / 2), degrees, 1), (width, height))


def halved(frames: Frames) -> Frames:
    from tests.support import movies

    height, width = frames[0].shape[:2]
    return movies.resized(frames, (width // 4 * 2, height // 4 * 2))


def worlds() -> dict[str, tuple[Callable[[Frames], Frames], dict[str, Any]]]:
    from tests.support import movies

    return {
        "H.264, CRF 23": (lambda f: f, {"crf": 23}),
        "H.264, CRF 28": (lambda f: f, {"crf": 28}),
        "H.264, CRF 33": (lambda f: f, {"crf": 33}),
        "half the size, CRF 28": (halved, {"crf": 28}),
        "MPEG-4 of 1999": (lambda f: f, {"codec": "mpeg4"}),
        "half the frame rate, CRF 26": (lambda f: f[::2], {"rate": movies.RATE // 2, "crf": 26}),
        "two seconds of it, CRF 26": (lambda f: f[20:68], {"crf": 26}),
        "cropped by 20 %, CRF 26": (lambda f: middle(f, 0.2), {"crf": 26}),
        "cropped by 40 %, CRF 23": (lambda f: middle(f, 0.4), {"crf": 23}),
        "cropped by 20 %, half, CRF 26": (lambda f: halved(middle(f, 0.2)), {"crf": 26}),
        "letterbox, CRF 26": (lambda f: [cv2.copyMakeBorder(one, 80, 80, 0, 0, 0) for one in f], {"crf": 26}),
        "mirrored, CRF 26": (lambda f: [np.ascontiguousarray(one[:, ::-1]) for one in f], {"crf": 26}),
        "turned by 2 degrees, CRF 26": (lambda f: [turned(one, 2) for one in f], {"crf": 26}),
        "brighter, CRF 26": (lambda f: [cv2.convertScaleAbs(one, alpha=1.15, beta=10) for one in f], {"crf": 26}),
    }


def decoded(path: Path) -> Frames:
    with av.open(str(path)) as container:
        return [frame.to_ndarray(format="rgb24") for frame in container.decode(video=0)]


def asked(path: Path, key: bytes) -> int | None:
    from dam.ingest.moments import look_through
    from dam.model import Kind, Media
    from dam.watermark.detect import Folds

    folds = Folds()
    look_through(str(path), Media(Kind.VIDEO, "video/mp4"), max_pixels_mp=100, fold=folds)
    found = folds.detect_all([("k", key)], budget_s=30)
    return found[2].mark_id if found else None


def measure(folder: Path, films: int, size: tuple[int, int]) -> dict[str, Any]:
    from dam.ingest import filming
    from dam.model import Kind, Media
    from dam.settings import Settings
    from tests.support import movies

    key, other = bytes(range(32)), bytes(range(1, 33))
    read, wrong, alarms, tried = dict.fromkeys(worlds(), 0), 0, 0, 0
    noise, strengths, seconds, sizes = [], [], [], []
    for number in range(films):
        original, marked, wild = (folder / f"{name}.mp4" for name in ("original", "marked", "wild"))
        movies.write(original, movies.film([500 + 2 * number, 501 + 2 * number], _SECONDS, size))
        begun = time.perf_counter()
        mark_id = 0x9E3779B97F4A7C15 * (number + 1) % 2**64
        made = filming.film(
            str(original), Media(Kind.VIDEO, "video/mp4"), marked, mark_id, key, Settings(library=folder)
        )
        seconds.append(time.perf_counter() - begun)
        strengths.append(made.strength_db)
        sizes.append(marked.stat().st_size / original.stat().st_size)
        given, frames = decoded(original), decoded(marked)
        noise.append(statistics.mean(cv2.PSNR(a, b) for a, b in zip(given[::8], frames[::8], strict=True)))
        for world, (change, how) in worlds().items():
            found = asked(movies.write(wild, change(frames), **how), key)
            read[world] += found == mark_id
            wrong += found not in (None, mark_id)
        for path, wrong_key in ((original, key), (marked, other), (wild, other)):
            tried += 1
            alarms += asked(path, wrong_key) is not None
    return {
        "films": films, "read": read, "wrong id": wrong, "alarms": [alarms, tried], "psnr_db": statistics.mean(noise),
        "least_psnr_db": min(noise), "strength_db": statistics.mean(strengths), "size": statistics.mean(sizes),
        "seconds_a_second": statistics.mean(seconds) / (2 * _SECONDS),
    }  # fmt: skip


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--films", type=int, default=8)
    parser.add_argument("--size", type=int, nargs=2, default=(854, 480))
    parser.add_argument("--json", action="store_true")
    options = parser.parse_args()
    sys.path.insert(0, str(_ROOT))
    with tempfile.TemporaryDirectory(prefix="headwater-bench-films-") as folder:
        found = measure(Path(folder), options.films, tuple(options.size))
    if options.json:
        print(json.dumps(found))
        return
    print(f"{options.films} films of {2 * _SECONDS:.0f} s, {options.size}, {platform.machine()}")
    for world, count in found["read"].items():
        print(f"  {world:<32} {count} of {options.films}")
    print(f"  wrong ids {found['wrong id']}; read without a mark, or with another key: {found['alarms']}")
    print(
        f"  PSNR against the original {found['psnr_db']:.1f} dB (least {found['least_psnr_db']:.1f}), mark alone aimed at "
        f"{found['strength_db']:.1f}; {found['size']:.2f} times the bytes, {found['seconds_a_second']:.1f} s a second of film"
    )


if __name__ == "__main__":
    main()
