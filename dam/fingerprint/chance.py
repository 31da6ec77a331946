"""How likely a fingerprint match is chance.

Different pictures are 128 of 256 bits apart in the mean; of 132,590 pairs of different photographs 1 in 10,000 was nearer
than 84 and 1 in 100,000 nearer than 79 (docs/decisions/0005): a normal tail of 11.7. Farther down nothing was measured,
so a wider one is taken. Pictures that were made alike (one scene twice, a studio's title) are no chance and not in it.
"""

import math
from typing import Final

_MEAN: Final = 128.0
_SPREAD: Final = 13.0  # 11.7 as measured, and a margin


def chance_alike(distance256: int, compared: int) -> float:
    """The chance that among `compared` unrelated pictures one is as near as this; 0..1."""
    one = 0.5 * math.erfc((_MEAN - distance256) / _SPREAD / math.sqrt(2))
    return min(1.0, one * max(1, compared))
