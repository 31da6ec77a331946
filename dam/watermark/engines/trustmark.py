"""TrustMark (Adobe, MIT), run from ONNX files that the user supplies: a neural mark that other programs can read too.

J. Collomosse et al., "TrustMark", 2023. 100 bits as its own decoder expects them: 61 data bits, 35 of BCH(127, t=5), and
the schema number 1 in 4 bits. Our data are a mark id of 40 bits and 21 bits of HMAC: the network's own idea of whether a
mark is present is no proof (random words pass it in 2.7 %), so nothing is reported without that tag. Without weights the
engine says so and does nothing. Two such marks cannot lie over each other.
"""

import hashlib
import hmac
import math
import time
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Final

import cv2
import numpy as np
from numpy.typing import NDArray

from dam.errors import EngineError, UsageError
from dam.networks import Network, NetworkFile, Tensor
from dam.watermark.bch import Bch
from dam.watermark.checks import check_pixels, check_size, checked_strength
from dam.watermark.contract import Availability, Detection, Effort, Embedded, Pixels, Transform
from dam.watermark.payload import check_key, derive

ID_BITS: Final = 40
TAG_BITS: Final = 21
SECRET_BITS: Final = 100
SCHEMA: Final = 1  # "BCH_5" of TrustMark's data layer
_DATA_BITS: Final = ID_BITS + TAG_BITS
_PADDING: Final = 3  # the data layer encodes whole bytes
_CODE: Final = Bch(5)
_CODE_BITS: Final = _DATA_BITS + _CODE.parity_bits
_WORDS_NEAR_A_CODE_WORD: Final = sum(math.comb(_CODE_BITS + _PADDING, n) for n in range(6)) / 2**_CODE.parity_bits
_SIDE: Final = 256
_LONGEST: Final = 2.0  # of wider or higher pictures only the middle square is marked, as TrustMark does
_FEATHER: Final = (0.01, 50)  # of the short side; px at most: where the middle square ends
_FRACTION: Final = 64  # of a level, in the enlarged residual

NO_WEIGHTS: Final = "No weights are named (setting trustmark_weights)."
# Published by Adobe on 2026-09-28, as the package faintmark 0.1.0 pins them
PUBLISHED: Final = {
    "Q": (
        "19b3d1b25836130ffd78775a8f61539f993375d1823ef0e59ba5b8dffb4f892d",
        "ee3268f057c9dabef680e169302f5973d0589feea86189ed229a896cc3aa88df",
    )
}


@dataclass(frozen=True, slots=True)
class Weights:
    """Where `encoder_<model>.onnx` and `decoder_<model>.onnx` lie, and their SHA-256; None = the published ones."""

    folder: Path
    model: str = "Q"
    sha256: tuple[str, str] | None = None


class TrustMark:
    """See the module. `use` names the weights of this process; until then it is not available."""

    name = "trustmark"
    media = frozenset({"image"})
    capacity_bits = SECRET_BITS
    id_bits = ID_BITS
    keyed = True
    min_short_side = 150

    def __init__(self, weights: Weights | None = None) -> None:
        self._weights: Weights | None = None
        self._networks: tuple[Network, Network] | None = None
        self._reason = NO_WEIGHTS
        self.use(weights)

    @property
    def alg(self) -> str:
        return f"com.adobe.trustmark.{self._weights.model if self._weights else 'Q'}"

    def use(self, weights: Weights | None) -> None:
        """Take these weights from now on, or none; the same ones again change nothing."""
        if weights == self._weights:
            return
        self._weights = weights
        if weights is None:
            self._networks, self._reason = None, NO_WEIGHTS
            return
        digests = weights.sha256 or PUBLISHED.get(weights.model)
        if digests is None:
            self._networks = None
            self._reason = f"The SHA-256 of TrustMark {weights.model} is not known (setting trustmark_sha256)."
            return
        names = f"encoder_{weights.model}.onnx", f"decoder_{weights.model}.onnx"
        encoder, decoder = (
            Network(NetworkFile(weights.folder / name, digest, ranks))
            for name, digest, ranks in zip(names, digests, ((4, 2), (4,)), strict=True)
        )
        self._networks = encoder, decoder

    def available(self) -> Availability:
        if self._networks is None:
            return Availability(ready=False, reason=self._reason)
        reason = " ".join(one.problem() for one in self._networks if one.problem())
        return Availability(ready=not reason, reason=reason)

    def embed(self, pixels: Pixels, mark_id: int, key: bytes, *, strength_db: float | None = None) -> Embedded:
        """See `Watermarker.embed`. None = the strength that the network was trained for.

        Raises, besides: EngineError: no weights, or other ones than expected.
        """
        check_pixels(pixels)
        check_size(pixels, self.min_short_side)
        encoder, _ = self._ready()
        box = _region(*pixels.shape[:2])
        cover = _tensor(pixels[box], encoder.side(_SIDE))
        stego = encoder.run(cover, np.array([bits_of(mark_id, key)], np.float32))
        if stego.shape != cover.shape or not np.isfinite(stego).all():
            raise EngineError("The TrustMark encoder answered with something that is no picture.")
        residual = (np.clip(stego, -1, 1) - cover)[0].transpose(1, 2, 0) * np.float32(127.5)
        residual -= residual.mean(axis=(0, 1), keepdims=True)  # no change of colour as a whole
        if strength_db is not None:
            level = 255 / 10 ** (checked_strength(strength_db) / 20)
            residual *= np.float32(level / max(float(np.sqrt(np.square(residual).mean())), 1e-6))
        marked = _add(pixels, box, residual)
        psnr_db = round(float(cv2.PSNR(pixels, marked)), 2)
        return Embedded(marked, psnr_db, strength_db or psnr_db, self._rehearsed(marked, mark_id, key))

    def detect(self, pixels: Pixels, key: bytes, *, effort: Effort, budget_s: float) -> Detection | None:
        """See `Watermarker.detect`. One run of the decoder; deep: eight, for turned and mirrored pictures."""
        deadline = time.monotonic() + budget_s
        check_key(key)
        check_pixels(pixels)
        if min(pixels.shape[:2]) < self.min_short_side // 2:
            return None
        _, decoder = self._ready()
        upright = _tensor(pixels[_region(*pixels.shape[:2])], decoder.side(_SIDE))
        ways = [(quarters, flipped) for flipped in (False, True) for quarters in range(4)]
        for number, (quarters, flipped) in enumerate(ways if effort == "deep" else ways[:1]):
            turned = np.rot90(upright, -quarters, axes=(2, 3))
            found = self._read(decoder, turned[..., ::-1] if flipped else turned, key)
            if found is not None:
                transform = Transform(rotation_deg=(90.0 * quarters + 180) % 360 - 180, flipped=flipped)
                p_false = (number + 1) * _WORDS_NEAR_A_CODE_WORD * 2.0**-TAG_BITS
                mark_id, score = found
                return Detection(mark_id, True, transform, score, p_false, "deep" if number else "fast")
            if time.monotonic() >= deadline:
                return None
        return None

    def value(self, mark_id: int, key: bytes) -> str:
        """See `Watermarker.value`: schema, star, data bits, as TrustMark's own C2PA example writes it."""
        return f"{SCHEMA}*{_data(mark_id, key):0{_DATA_BITS}b}"

    def id_of(self, value: str) -> int:
        """See `Watermarker.id_of`."""
        schema, _, bits = value.partition("*")
        if schema != str(SCHEMA) or len(bits) != _DATA_BITS or set(bits) - {"0", "1"}:
            raise UsageError(
                "The value is not that of a TrustMark of schema 1.",
                next_step=f"Give 1*, then {_DATA_BITS} bits.",
                code="binding.value",
            )
        return int(bits[:ID_BITS], 2)

    def _ready(self) -> tuple[Network, Network]:
        available = self.available()
        if self._networks is None or not available.ready:
            raise EngineError(f"TrustMark is not ready: {available.reason}")
        return self._networks

    def _read(self, decoder: Network, tensor: Tensor, key: bytes) -> tuple[int, float] | None:
        """(id, agreeing bits in standard deviations of chance) where the tag holds."""
        answers = decoder.run(np.ascontiguousarray(tensor)).ravel()
        if len(answers) != SECRET_BITS:
            raise EngineError("The TrustMark decoder answered with another number of bits than 100.")
        bits = "".join("1" if one > 0 else "0" for one in answers)
        if sum(a != b for a, b in zip(bits[_CODE_BITS:], f"{SCHEMA:04b}", strict=True)) > 1:
            return None
        data, parity = int(bits[:_DATA_BITS], 2), int(bits[_DATA_BITS:_CODE_BITS], 2)
        word = (data << _PADDING) << _CODE.parity_bits | parity
        decoded = _CODE.decode(word, _CODE_BITS + _PADDING)
        if decoded is None or decoded[0] & ((1 << _PADDING) - 1):
            return None
        data = decoded[0] >> _PADDING
        mark_id = data >> TAG_BITS
        if not hmac.compare_digest(_data(mark_id, key).to_bytes(8, "big"), data.to_bytes(8, "big")):
            return None
        return mark_id, round((_CODE_BITS - 2 * decoded[1]) / math.sqrt(_CODE_BITS), 2)

    def _rehearsed(self, marked: Pixels, mark_id: int, key: bytes) -> dict[str, bool]:
        half = cv2.resize(marked, None, fx=0.5, fy=0.5, interpolation=cv2.INTER_AREA)
        jpeg = cv2.imencode(".jpg", half, [cv2.IMWRITE_JPEG_QUALITY, 75])[1]
        seen = {"none": marked, "resize_half_jpeg75": np.asarray(cv2.imdecode(jpeg, cv2.IMREAD_UNCHANGED), np.uint8)}
        found = {name: self.detect(one, key, effort="fast", budget_s=60) for name, one in seen.items()}
        return {name: one is not None and one.mark_id == mark_id for name, one in found.items()}


def bits_of(mark_id: int, key: bytes) -> list[int]:
    """The 100 bits that the encoder gets."""
    data = _data(mark_id, key)
    word = data << _CODE.parity_bits | _CODE.parity(data << _PADDING)
    return [int(bit) for bit in f"{word:0{_CODE_BITS}b}{SCHEMA:04b}"]


def _data(mark_id: int, key: bytes) -> int:
    check_key(key)
    if not 0 <= mark_id < 1 << ID_BITS:
        raise UsageError(f"A mark id of TrustMark is a number of {ID_BITS} bits.", code="mark.bad_id")
    ident = mark_id.to_bytes(ID_BITS // 8, "big")
    digest = hmac.new(derive(key, b"trustmark/tag"), ident, hashlib.sha256).digest()
    return mark_id << TAG_BITS | int.from_bytes(digest[:4], "big") >> (32 - TAG_BITS)


def _region(height: int, width: int) -> tuple[slice, slice]:
    """What of the picture is marked: all of it, or its middle square."""
    short = min(height, width)
    if max(height, width) <= _LONGEST * short:
        return slice(0, height), slice(0, width)
    top, left = (height - short) // 2, (width - short) // 2
    return slice(top, top + short), slice(left, left + short)


def _tensor(pixels: Pixels, side: int) -> Tensor:
    """float32 (1, 3, side, side) in -1..1."""
    small = cv2.resize(pixels, (side, side), interpolation=cv2.INTER_AREA)
    if small.ndim == 2:
        small = np.repeat(small[..., None], 3, axis=2)
    scaled = small.astype(np.float32).transpose(2, 0, 1)[None] / np.float32(127.5) - np.float32(1)
    return np.ascontiguousarray(scaled)


def _add(pixels: Pixels, box: tuple[slice, slice], residual: NDArray[np.float32]) -> Pixels:
    """A copy with the residual (in levels) enlarged to the box and added."""
    if pixels.ndim == 2:
        residual = residual.mean(axis=2)
    height, width = pixels[box].shape[:2]
    fine = np.clip(residual * _FRACTION, -32767, 32767).astype(np.int16)
    large = cv2.resize(fine, (width, height), interpolation=cv2.INTER_LINEAR)
    large = cv2.convertScaleAbs(np.abs(large), alpha=1 / _FRACTION).astype(np.int16) * np.sign(large)
    if (height, width) != pixels.shape[:2]:
        faded = _edge(height, width)
        large = np.rint(large * (faded if pixels.ndim == 2 else faded[..., None])).astype(np.int16)
    out = pixels.copy()
    out[box] = cv2.add(pixels[box], large, dtype=cv2.CV_8U)
    return out


def _edge(height: int, width: int) -> NDArray[np.float32]:
    share, most = _FEATHER
    ramp = min(most, max(1, int(min(height, width) * share)))

    def one(length: int) -> Any:
        place = np.arange(length, dtype=np.float32)
        return np.clip((np.minimum(place, length - 1 - place) + 1) / ramp, 0, 1)

    return np.asarray(one(height)[:, None] * one(width)[None], np.float32)


PLUGIN = TrustMark()
