"""What a watermark engine must offer. The payload (mark id and its proof) is made in `payload`, outside the engines."""

from collections.abc import Iterable
from dataclasses import dataclass, field
from typing import Any, Literal, Protocol, runtime_checkable

import numpy as np
from numpy.typing import NDArray

Pixels = NDArray[np.uint8]
Effort = Literal["fast", "deep"]

KEY_BYTES = 32
GROUP = "dam.watermark_engines"


@dataclass(frozen=True, slots=True)
class Availability:
    """Whether an engine can work here; `reason` is a sentence when it cannot (say, weights missing or altered)."""

    ready: bool
    reason: str = ""


@dataclass(frozen=True, slots=True)
class Embedded:
    """A marked copy.

    Attributes:
        pixels: same shape as given; the given array is never written to.
        psnr_db: measured on `pixels` against the original, all channels.
        strength_db: the strength that was asked for or chosen, as the PSNR aimed at; higher = weaker.
        survived: the engine's own rehearsals by name; a False is an honest "will probably not survive this".
    """

    pixels: Pixels
    psnr_db: float
    strength_db: float
    survived: dict[str, bool] = field(default_factory=dict)


@dataclass(frozen=True, slots=True)
class Transform:
    """What had to be undone before the mark could be read.

    Attributes:
        scale: from the found picture's canonical plane to the original's: < 1 after a crop, > 1 after borders were
            added, 1 after plain resizing.
        rotation_deg: counter-clockwise turn of the found picture against the original.
        flipped: the found picture is mirrored left to right.
        aspect: width / height of the original where the picture had been squeezed, else None.
        offset: (y, x) of the tile's origin in canonical pixels, modulo the tile.
    """

    scale: float = 1.0
    rotation_deg: float = 0.0
    flipped: bool = False
    aspect: float | None = None
    offset: tuple[float, float] = (0.0, 0.0)


@dataclass(frozen=True, slots=True)
class Detection:
    """A mark that was read.

    Attributes:
        mark_id: 64 bits; the registry resolves it.
        verified: the proof inside the payload (HMAC under the key) is right. Never act on an unverified id.
        score: sync peak in standard deviations of the correlation plane.
        p_false: probability that a picture without our mark would have been accepted by as many tries.
    """

    mark_id: int
    verified: bool
    transform: Transform
    score: float
    p_false: float
    effort: Effort


@runtime_checkable
class Watermarker(Protocol):
    """A watermark engine: stateless to the caller, safe to share between threads."""

    name: str
    alg: str  # C2PA soft-binding algorithm
    media: frozenset[str]  # values of model.Kind
    capacity_bits: int
    id_bits: int  # how many bits of a mark id it carries: ids for it are smaller than 2**id_bits
    keyed: bool
    min_short_side: int

    def available(self) -> Availability: ...

    def value(self, mark_id: int, key: bytes) -> str:
        """What a `c2pa.soft-binding` assertion says of this mark."""
        ...

    def id_of(self, value: str) -> int:
        """The mark id of such a value. Raises UsageError on any other text."""
        ...

    def embed(self, pixels: Pixels, mark_id: int, key: bytes, *, strength_db: float | None = None) -> Embedded:
        """Mark a copy of 8-bit sRGB (H, W, 3) or grey (H, W) pixels. None = as weak as survives the rehearsals.

        Raises:
            PolicyError: "mark.too_small" below `min_short_side`.
            UsageError: "mark.bad_key", "mark.bad_id", "mark.bad_pixels", "mark.bad_strength".
        """
        ...

    def detect(self, pixels: Pixels, key: bytes, *, effort: Effort, budget_s: float) -> Detection | None:
        """Read a mark. None = nothing found with this key within the effort, which proves nothing.

        "fast" undoes resizing, recompression and colour changes; "deep" also crops, borders, flips, turns, squeezes.
        A deep search stops soon after `budget_s` (wall-clock).
        """
        ...


class FrameMarker(Protocol):
    """Puts one mark into frame after frame of a video."""

    def mark(self, luma: Pixels, strength_db: float) -> Pixels:
        """A marked copy of the luma, uint8 (H, W), 16..235; weaker than asked where it would be seen in calm places."""
        ...

    def is_readable(self, lumas: Iterable[Pixels]) -> bool:
        """Whether the mark can be read from these frames together, without any search for their geometry."""
        ...


class FrameFold(Protocol):
    """Frames of a video, laid over each other so that what they share stands out."""

    def add(self, pixels: Pixels) -> None:
        """One more frame, uint8 (H, W, 3) or (H, W), all of one size."""
        ...


@runtime_checkable
class FilmWatermarker(Watermarker, Protocol):
    """An engine that also marks videos: media has "video"."""

    def marker(self, mark_id: int, key: bytes) -> FrameMarker: ...

    def fold(self) -> Any:
        """An empty `FrameFold` of this engine."""
        ...

    def detect_fold(self, fold: Any, key: bytes, *, effort: Effort, budget_s: float) -> Detection | None:
        """`detect`, of all frames of a fold together."""
        ...


def is_watermarker(thing: Any) -> bool:
    """Tell whether a plug-in has the shape of an engine."""
    return isinstance(thing, Watermarker)
