"""What a fingerprint engine must offer."""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any, Final, Protocol, runtime_checkable

import numpy as np
from numpy.typing import NDArray

from dam.errors import UsageError

Luma = NDArray[np.uint8]

GROUP: Final = "dam.fingerprint_engines"
_FLAT_LEVELS: Final = 2.0


@dataclass(frozen=True, slots=True)
class Example:
    """Two pictures made by the engine itself, and whether it must find them alike."""

    one: Luma
    other: Luma
    alike: bool


@runtime_checkable
class FingerprintEngine(Protocol):
    """A kind of code. `name` carries the version of the canonical luma: other pixels, other name ("phash64/luma512.1")."""

    name: str
    bits: int
    same_below: int  # distances up to this (inclusive) mean: very likely the same picture

    def compute(self, luma: Luma) -> str:
        """Code of the canonical luma, uint8 (H, W), long side <= 512 px, as lower-case hex. Pure."""
        ...

    def distance(self, a: str, b: str) -> int:
        """Distance of two codes, 0 = same. Raises UsageError("fingerprint.bad_code")."""
        ...

    def examples(self) -> Sequence[Example]:
        """Pairs that the contract test tries."""
        ...


def is_engine(thing: Any) -> bool:
    """Tell whether a plug-in has the shape of an engine."""
    return isinstance(thing, FingerprintEngine)


def is_flat(luma: Luma) -> bool:
    """Tell whether a picture has too little structure for its code to mean anything (blank, nearly uniform).

    All such pictures look alike to a hash: never report them as near-duplicates.
    """
    if luma.size == 0:
        return True
    import cv2  # here, as nothing else of the contract needs it; twenty times cheaper than numpy's std of bytes

    return float(cv2.meanStdDev(luma)[1][0, 0]) < _FLAT_LEVELS


def hamming(a: str, b: str, bits: int) -> int:
    """Number of different bits of two hex codes of `bits` bits."""
    return (parse_code(a, bits) ^ parse_code(b, bits)).bit_count()


def parse_code(code: str, bits: int) -> int:
    """Read a hex code of exactly `bits` bits. Raises UsageError("fingerprint.bad_code")."""
    if len(code) == bits // 4 and all(c in "0123456789abcdefABCDEF" for c in code):
        return int(code, 16)
    raise UsageError(f"{code[:80]!r} is not a code of {bits} bits.", code="fingerprint.bad_code")
