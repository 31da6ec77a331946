"""Do compressed, resampled and cut sounds lead back, and what does a search among many cost?

Random tunes of 20 s (`tests/support/tunes`), each looked for after what happens to sounds, among all of them; then tunes
that are not there. The search is timed among random numbers of 10,000 sounds of two minutes, against comparing the sound
with every one of them at every shift, as a script would do it (numpy; measured on 20 sounds and multiplied).

usage: python benchmarks/sounds.py [--tunes N] [--sounds N] [--json]
"""

import argparse
import json
import platform
import sys
import tempfile
import time
from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy as np

_ROOT = Path(__file__).resolve().parents[1]
_NUMBERS = 969  # of two minutes


def worlds(folder: Path) -> dict[str, tuple[str, Callable[[Any], Path]]]:
    from tests.support import tunes

    rate = tunes.RATE
    mp3, opus, wav = folder / "x.mp3", folder / "x.opus", folder / "x.wav"
    return {
        "MP3, 128 kbit/s": ("audio/mpeg", lambda s: tunes.write(mp3, s, bit_rate=128_000)),
        "MP3, 64 kbit/s": ("audio/mpeg", lambda s: tunes.write(mp3, s, bit_rate=64_000)),
        "Opus, 24 kbit/s": ("audio/ogg", lambda s: tunes.write(opus, s, rate=48_000, bit_rate=24_000)),
        "16 kHz": ("audio/wav", lambda s: tunes.write(wav, s, rate=16_000)),
        "8 kHz": ("audio/wav", lambda s: tunes.write(wav, s, rate=8_000)),
        "8 s of it, MP3": ("audio/mpeg", lambda s: tunes.write(mp3, s[5 * rate : 13 * rate], bit_rate=96_000)),
        "5 s of it, MP3": ("audio/mpeg", lambda s: tunes.write(mp3, s[5 * rate : 10 * rate], bit_rate=96_000)),
    }


def heard(path: Path, mime: str) -> Any:
    from dam.ingest.sounds import listen
    from dam.model import Kind, Media

    return listen(str(path), Media(Kind.AUDIO, mime))


def recall(folder: Path, count: int) -> dict[str, Any]:
    from dam.fingerprint.sounds import SoundIndex
    from tests.support import tunes

    index, played = SoundIndex(), [tunes.tune(n) for n in range(count)]
    index.load((str(n), heard(tunes.write(folder / "a.wav", samples), "audio/wav")) for n, samples in enumerate(played))
    rows: dict[str, Any] = {}
    for name, (mime, write) in worlds(folder).items():
        found = wrong = 0
        most = 0.0
        for n, samples in enumerate(played):
            hits = index.near(heard(write(samples), mime))
            found += bool(hits) and hits[0].asset_id == str(n)
            wrong += any(hit.asset_id != str(n) for hit in hits)
            most = max([most, *(hit.errors for hit in hits)])
        rows[name] = {"of": count, "found": found, "wrong": wrong, "most errors": most}
    strange = [heard(tunes.write(folder / "a.wav", tunes.tune(10_000 + n)), "audio/wav") for n in range(count)]
    alarms = sum(bool(index.near(one)) for one in strange)
    rows["tunes that are not there"] = {"of": count, "found": alarms, "wrong": alarms, "most errors": 0.0}
    return rows


def speed(count: int) -> dict[str, float]:
    from dam.fingerprint.sounds import SoundIndex

    draw = np.random.default_rng(1)
    sounds = [draw.integers(0, 1 << 32, _NUMBERS, dtype=np.uint32) for _ in range(count)]
    index = SoundIndex()
    index.load((str(n), one) for n, one in enumerate(sounds))
    asked = sounds[7] ^ np.uint32(1 << 3)
    found = {}
    for name in ("first", "search"):
        begun = time.process_time()
        assert index.near(asked)[0].asset_id == "7"
        found[name] = time.process_time() - begun
    begun = time.process_time()
    for one in sounds[:20]:
        for shift in range(-_NUMBERS + 32, _NUMBERS - 32):
            start, stop = max(0, shift), min(_NUMBERS, shift + _NUMBERS)
            np.bitwise_count(one[start:stop] ^ asked[start - shift : stop - shift]).sum()
    found["every shift of every sound"] = (time.process_time() - begun) / 20 * count
    return found


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--tunes", type=int, default=40)
    parser.add_argument("--sounds", type=int, default=10_000)
    parser.add_argument("--json", action="store_true")
    options = parser.parse_args()
    sys.path.insert(0, str(_ROOT))
    with tempfile.TemporaryDirectory(prefix="headwater-bench-sounds-") as folder:
        rows = recall(Path(folder), options.tunes)
    spent = speed(options.sounds)
    if options.json:
        print(json.dumps({"recall": rows, "cpu_s": spent}))
        return
    print(f"{options.tunes} tunes of 20 s, {platform.machine()}")
    for name, row in rows.items():
        print(
            f"  {name:<28} found {row['found']} of {row['of']}, wrong {row['wrong']}, errors <= {row['most errors']:.3f}"
        )
    print(f"among {options.sounds} sounds of two minutes:")
    for name, value in spent.items():
        print(f"  {name:<28} {value * 1000:.1f} ms")


if __name__ == "__main__":
    main()
