"""How often the mark in sound is read after what happens to sounds, and how far it is below them.

Random tunes (`tests/support/tunes`), and the WAV files of a folder with --sounds, each marked as a protected copy is
(`sounding.mark`), then changed and asked for. Then sounds without our mark, and marked ones with other keys.

usage: python benchmarks/tones.py [--tunes N] [--sounds FOLDER] [--alarms N] [--json]
"""

import argparse
import io
import json
import platform
import statistics
import sys
import time
import wave as files
from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy as np

_ROOT = Path(__file__).resolve().parents[1]
_SECONDS = 20.0
Heard = tuple[Any, int]


def worlds() -> dict[str, Callable[[Any, int], Heard]]:
    from dam.media.sound import resampled, through

    noise = np.random.default_rng(5)
    return {
        "nothing": lambda m, r: (m, r),
        "MP3, 128 kbit/s": lambda m, r: through(m, r, "libmp3lame", 128_000),
        "MP3, 64 kbit/s": lambda m, r: through(m, r, "libmp3lame", 64_000),
        "MP3, 32 kbit/s": lambda m, r: through(m, r, "libmp3lame", 32_000),
        "Opus, 24 kbit/s": lambda m, r: through(m, r, "libopus", 24_000),
        "Opus, 12 kbit/s": lambda m, r: through(m, r, "libopus", 12_000),
        "16 kHz": lambda m, r: (resampled(m, r, 16_000), 16_000),
        "8 kHz, telephone": lambda m, r: (resampled(m, r, 8_000), 8_000),
        "a fifth as loud": lambda m, r: (m / 5, r),
        "upside down": lambda m, r: (-m, r),
        "noise at 20 dB": lambda m, r: (m + noise.normal(0, m.std() / 10, len(m)), r),
        "10 s of it, MP3 at 96": lambda m, r: through(m[3 * r : 13 * r], r, "libmp3lame", 96_000),
        "5 s of it, MP3 at 128": lambda m, r: through(m[3 * r : 8 * r], r, "libmp3lame", 128_000),
        "1 % faster": lambda m, r: (m, round(r * 1.01)),
    }


def asked(heard: Heard, key: bytes) -> int | None:
    from dam.media.sound import resampled
    from dam.watermark.tone.patterns import RATE
    from dam.watermark.tone.tonemark import PLUGIN

    found = PLUGIN.detect(resampled(np.asarray(heard[0], np.float32), heard[1], RATE), key)
    return None if found is None else found.mark_id


def as_wav(samples: Any, rate: int) -> bytes:
    out = io.BytesIO()
    with files.open(out, "wb") as made:
        made.setnchannels(1)
        made.setsampwidth(2)
        made.setframerate(rate)
        made.writeframes(samples.astype("<i2").tobytes())
    return out.getvalue()


def measure(given: list[bytes], alarms: int) -> dict[str, Any]:
    from dam.ingest import sounding
    from dam.media import wave
    from tests.support import tunes

    key = bytes(range(32))
    read: dict[str, int] = dict.fromkeys(worlds(), 0)
    wrong, strengths, below, seconds = 0, [], [], []
    for number, data in enumerate(given):
        mark_id = 0x9E3779B97F4A7C15 * (number + 1) % 2**64
        pcm = wave.locate(data)
        begun = time.process_time()
        made = sounding.mark(data, mark_id, key)
        seconds.append((time.process_time() - begun) / (pcm.size / (pcm.rate * pcm.channels * pcm.bits / 8)))
        strengths.append(made.strength_db)
        below.append(made.snr_db)
        mono = (wave.samples(made.data, pcm).mean(axis=1) / (1 << (pcm.bits - 1))).astype(np.float32)
        for name, change in worlds().items():
            found = asked(change(mono, pcm.rate), key)
            read[name] += found == mark_id
            wrong += found not in (None, mark_id)
    false = 0
    for number in range(alarms):
        plain = (tunes.tune(20_000 + number // 20, 8.0) / 32768).astype(np.float32)
        false += asked((plain, tunes.RATE), number.to_bytes(32, "big")) is not None
    return {
        "sounds": len(given), "read": read, "wrong id": wrong, "alarms": [false, alarms],
        "strength_db": statistics.mean(strengths), "snr_db": statistics.mean(below), "least_snr_db": min(below),
        "seconds_a_second": statistics.mean(seconds),
    }  # fmt: skip


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--tunes", type=int, default=20)
    parser.add_argument("--sounds", type=Path, help="a folder of WAV files of 4 s and more")
    parser.add_argument("--alarms", type=int, default=400)
    parser.add_argument("--json", action="store_true")
    options = parser.parse_args()
    sys.path.insert(0, str(_ROOT))
    from tests.support import tunes

    given = [as_wav(tunes.tune(700 + n, _SECONDS), tunes.RATE) for n in range(options.tunes)]
    if options.sounds:
        given = [path.read_bytes() for path in sorted(options.sounds.glob("*.wav"))]
    found = measure(given, options.alarms)
    if options.json:
        print(json.dumps(found))
        return
    print(f"{found['sounds']} sounds, {platform.machine()}")
    for name, count in found["read"].items():
        print(f"  {name:<24} {count} of {found['sounds']}")
    print(f"  wrong ids {found['wrong id']}; read without a mark {found['alarms'][0]} of {found['alarms'][1]}")
    print(
        f"  {found['strength_db']:.1f} dB under the sound in every place of its band, {found['snr_db']:.1f} dB over all (least "
        f"{found['least_snr_db']:.1f}); {found['seconds_a_second']:.3f} s of CPU a second of sound"
    )


if __name__ == "__main__":
    main()
