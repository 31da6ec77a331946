"""Do a still and a piece of a video lead back to it, and what does the walk through a video cost?

Films of painted scenes with a wandering camera, each of its own pictures. Recall and false answers:

    stills      frames of random times, smaller, JPEG 50, without metadata, against all moments of all films
    pieces      six seconds of each film after what happens to videos, laid along all films
    strangers   stills and pieces of films that are not there

Cost, CPU time in alternating rounds, against a walk that only decodes:

    decode      every frame through PyAV in one thread
    look        `look_through`: decode, up to twelve codes a second, moments

usage: python benchmarks/moments.py [--films N] [--stills N] [--rounds N] [--json]
"""

import argparse
import json
import platform
import random
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
_SCENES, _SECONDS, _PIECE_S = 5, 4.0, 6.0
Frames = list[Any]


def grey(frame: Any) -> Any:
    return cv2.cvtColor(cv2.cvtColor(frame, cv2.COLOR_RGB2GRAY), cv2.COLOR_GRAY2RGB)


def logo(frame: Any) -> Any:
    """A box over a sixteenth of the picture."""
    made = frame.copy()
    height, width = made.shape[:2]
    made[: height // 8, -width // 2 :] = (240, 240, 240)
    return made


def cropped(frame: Any, share: float) -> Any:
    height, width = frame.shape[:2]
    top, left = round(height * share / 2), round(width * share / 2)
    return cv2.resize(frame[top : height - top, left : width - left], (width, height), interpolation=cv2.INTER_AREA)


def worlds() -> dict[str, tuple[Callable[[Frames], Frames], dict[str, Any]]]:
    """What happens to a piece: a change of its frames, and how it is encoded."""
    from tests.support import movies

    return {
        "H.264, CRF 35": (lambda f: f, {"crf": 35}),
        "a third of the size": (lambda f: movies.resized(f, (214, 120)), {"crf": 28}),
        "half the frame rate": (lambda f: f[::2], {"rate": movies.RATE // 2, "crf": 26}),
        "MPEG-4 of 1999": (lambda f: f, {"codec": "mpeg4"}),
        "brighter": (lambda f: [cv2.convertScaleAbs(one, alpha=1.15, beta=10) for one in f], {}),
        "grey": (lambda f: [grey(one) for one in f], {}),
        "logo over a sixteenth": (lambda f: [logo(one) for one in f], {}),
        "cropped by 5 %": (lambda f: [cropped(one, 0.05) for one in f], {}),
        "cropped by 20 %": (lambda f: [cropped(one, 0.2) for one in f], {}),
    }


class Shelf:
    """The moments of all films, as a service has them in memory."""

    def __init__(self) -> None:
        from dam.fingerprint.index import NearIndex

        self.index = NearIndex()
        self.places: dict[str, tuple[str, float, float]] = {}

    def add(self, film: str, moments: Any) -> None:
        for one in moments:
            name = f"{film}/{one.at_s}"
            self.places[name] = (film, one.at_s, one.until_s)
            self.index.add(name, one.code64, one.code256)

    def near(self, code64: str, code256: str) -> list[Any]:
        from dam.fingerprint.moments import Likeness

        hits = self.index.near(code64, code256, limit=200)
        return [Likeness(*self.places[hit.asset_id], hit.distance64, hit.distance256) for hit in hits]


def look(path: Path) -> Any:
    from dam.ingest.moments import look_through
    from dam.model import Kind, Media

    return look_through(str(path), Media(Kind.VIDEO, "video/mp4"), max_pixels_mp=100)


def decode(path: Path) -> None:
    with av.open(str(path)) as container:
        container.streams.video[0].codec_context.thread_count = 1
        for frame in container.decode(video=0):
            frame.to_ndarray(format="rgb24")


def asked_still(frame: Any) -> tuple[str, str]:
    from dam.fingerprint.engines import phash64, phash256
    from dam.media.pixels import luma_of

    small = cv2.resize(frame, (426, 240), interpolation=cv2.INTER_AREA)
    again = cv2.imdecode(cv2.imencode(".jpg", small, [cv2.IMWRITE_JPEG_QUALITY, 50])[1], cv2.IMREAD_COLOR)
    luma = luma_of(np.ascontiguousarray(again))
    return phash64.PLUGIN.compute(luma), phash256.PLUGIN.compute(luma)


def recall(folder: Path, films: int, stills: int) -> dict[str, Any]:
    from dam.fingerprint.moments import aligned
    from tests.support import movies

    draw, shelf = random.Random(4), Shelf()  # a repeatable draw
    names = [f"film{n}" for n in range(films)]
    frames = {name: movies.film([100 * n + k for k in range(_SCENES)], _SECONDS) for n, name in enumerate(names)}
    for name in names:
        shelf.add(name, look(movies.write(folder / f"{name}.mp4", frames[name])))
    found = wrong = right_second = 0
    for _ in range(stills):
        name = draw.choice(names)
        number = draw.randrange(len(frames[name]))
        hits = shelf.near(*asked_still(frames[name][number]))
        right = [hit for hit in hits if hit.asset_id == name]
        at_s = number / movies.RATE
        found += bool(right)
        right_second += any(hit.at_s - 1 <= at_s <= hit.until_s + 1 for hit in right[:1])
        wrong += any(hit.asset_id != name for hit in hits)
    rows: dict[str, Any] = {"stills": {"of": stills, "found": found, "right second": right_second, "wrong film": wrong}}
    for world, (change, how) in worlds().items():
        right_film = right_start = wrong_film = 0
        for name in names:
            begin = draw.randrange(round((_SCENES * _SECONDS - _PIECE_S) * movies.RATE))
            part = frames[name][begin : begin + round(_PIECE_S * movies.RATE)]
            asked = look(movies.write(folder / "piece.mp4", change(part), **how))
            answers = aligned(asked, [shelf.near(one.code64, one.code256) for one in asked])
            mine = next((one for one in answers if one.asset_id == name), None)
            right_film += mine is not None
            right_start += mine is not None and abs(mine.starts_s - begin / movies.RATE) <= 1
            wrong_film += any(one.asset_id != name for one in answers)
        rows[world] = {"of": films, "found": right_film, "right second": right_start, "wrong film": wrong_film}
    alarms = 0
    for n in range(films):
        strange = movies.film([50_000 + 10 * n + k for k in range(2)], 3.0)
        asked = look(movies.write(folder / "strange.mp4", strange))
        alarms += bool(aligned(asked, [shelf.near(one.code64, one.code256) for one in asked]))
        alarms += any(shelf.near(*asked_still(frame)) for frame in strange[::24])
    rows["strangers"] = {"of": films * 7, "found": alarms, "right second": 0, "wrong film": alarms}
    rows["moments"] = len(shelf.index)
    rows["seconds"] = films * _SCENES * _SECONDS
    return rows


def cost(path: Path, rounds: int) -> dict[str, float]:
    found: dict[str, list[float]] = {"decode": [], "look": []}
    for _ in range(rounds):
        for name, step in (("decode", decode), ("look", look)):
            begun = time.process_time()
            step(path)
            found[name].append(time.process_time() - begun)
    return {name: statistics.median(values) for name, values in found.items()}


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--films", type=int, default=12)
    parser.add_argument("--stills", type=int, default=200)
    parser.add_argument("--rounds", type=int, default=5)
    parser.add_argument("--json", action="store_true")
    options = parser.parse_args()
    sys.path.insert(0, str(_ROOT))
    with tempfile.TemporaryDirectory(prefix="headwater-bench-moments-") as folder:
        rows = recall(Path(folder), options.films, options.stills)
        spent = cost(Path(folder) / "film0.mp4", options.rounds)
    length_s = _SCENES * _SECONDS
    if options.json:
        print(json.dumps({"recall": rows, "cpu_s": spent, "film_s": length_s}))
        return
    print(f"{rows.pop('seconds'):.0f} s of film, {rows.pop('moments')} moments, {platform.machine()}")
    for name, row in rows.items():
        print(f"  {name:<24}" + "".join(f"{what} {row[what]} of {row['of']}   " for what in row if what != "of"))
    print(
        f"  CPU of {length_s:.0f} s of 640 x 360: decode {spent['decode']:.2f} s, look {spent['look']:.2f} s, "
        f"{spent['look'] / spent['decode']:.2f} times"
    )


if __name__ == "__main__":
    main()
