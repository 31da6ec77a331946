"""From a whitened plane to symbols: where the tile lies, what its 16 patterns say, and whether the proof holds."""

from dataclasses import dataclass
from typing import Final

import numpy as np

from dam.watermark.payload import CODE_SYMBOLS, Decoded, SoftCode, decode_soft
from dam.watermark.tile.patterns import (
    FREQ_X,
    FREQ_Y,
    IN_BAND,
    LOW,
    RADIUS,
    TILE,
    Bank,
    Plane,
    Spectrum,
    at_grid,
    to_band,
    to_plane,
)

_BLOCK_WHITENING: Final = 0.8  # spectra are divided by their magnitude to this power, per block ...
_TOTAL_WHITENING: Final = 0.1  # ... and once more after the sum
_ROUGH: Final = (np.maximum(RADIUS, LOW) ** -0.3).astype(np.float32)  # what shrinking leaves of each frequency
_HOPELESS: Final = 0.35  # median confidence below which nothing is there: do not spend time on it


@dataclass(frozen=True, slots=True)
class Sync:
    """The best position of the sync pattern: `score` in standard deviations, offset (y, x) in canonical pixels."""

    score: float
    offset: tuple[float, float]
    spectrum: Spectrum


def find_sync(plane: Plane, bank: Bank) -> Sync:
    """Locate the tile in a whitened plane, each 128-px block whitened by itself: exact, for decoding."""
    return _locate(_sum_of_blocks(plane), bank)


def find_faint_sync(plane: Plane, bank: Bank) -> Sync:
    """`find_sync` in the plane of a picture that was shrunk: coarse patterns count more, of the fine ones little is left."""
    return _locate(_sum_of_blocks(plane) * _ROUGH, bank)


def quick_score(plane: Plane, bank: Bank) -> float:
    """Sync score after plain folding: a third of the cost, for scanning many scales."""
    total = to_band(_blocks(plane).sum(axis=0, keepdims=True))[0]
    return _score(_flatten(total, 0.6), bank)[0]


def oriented_scores(plane: Plane, bank: Bank) -> list[tuple[float, int, bool]]:
    """(quick score, quarter turns counter-clockwise, mirrored) of all eight ways that a plane may lie: to be undone in
    this order, first the turns, then the mirror. Up to its place on the torus the tile turns like the plane.
    """
    tile = _blocks(plane).sum(axis=0)
    ways = [(quarters, flipped) for quarters in range(4) for flipped in (False, True)]
    turned = [np.rot90(tile, -quarters)[:, :: -1 if flipped else 1] for quarters, flipped in ways]
    spectra = to_band(np.stack(turned))
    return [(_score(_flatten(one, 0.6), bank)[0], *way) for one, way in zip(spectra, ways, strict=True)]


def read_symbols(sync: Sync, bank: Bank) -> SoftCode:
    """Read the 16 symbols at the position found."""
    dy, dx = sync.offset
    ramp = np.exp(2j * np.pi / TILE * (FREQ_Y * dy)).astype(np.complex64)[:, None]
    ramp = ramp * np.exp(2j * np.pi / TILE * (FREQ_X * dx)).astype(np.complex64)[None]
    values = at_grid((sync.spectrum * ramp)[None] * bank.phases[1:].conj()) / _deviation(sync.spectrum)
    best = np.argpartition(values, -2, axis=1)[:, -2:]
    heights = np.take_along_axis(values, best, axis=1)
    order = np.argsort(heights, axis=1)
    best, heights = np.take_along_axis(best, order, axis=1), np.take_along_axis(heights, order, axis=1)
    return SoftCode(
        first=best[:, 1].astype(np.uint8).tobytes(),
        second=best[:, 0].astype(np.uint8).tobytes(),
        confidence=tuple(float(c) for c in heights[:, 1] - heights[:, 0]),
    )


def decode_at(sync: Sync, bank: Bank, key: bytes) -> Decoded:
    """Read and decode; gives up early where the symbols look like noise."""
    soft = read_symbols(sync, bank)
    hopeless = sorted(soft.confidence)[CODE_SYMBOLS // 2] < _HOPELESS
    return decode_soft(soft, key, chase=not hopeless)


def _blocks(plane: Plane) -> Plane:
    height, width = plane.shape
    rows, columns = -(-height // TILE), -(-width // TILE)
    padded = np.zeros((rows * TILE, columns * TILE), np.float32)
    padded[:height, :width] = plane
    return padded.reshape(rows, TILE, columns, TILE).swapaxes(1, 2).reshape(-1, TILE, TILE)


def _sum_of_blocks(plane: Plane) -> Spectrum:
    spectra = to_band(_blocks(plane))
    power = np.abs(spectra)
    spectra /= power**_BLOCK_WHITENING + np.float32(1e-3)
    height, width = plane.shape
    share_y = np.minimum(1, np.arange(height, 0, -TILE) / TILE)
    share_x = np.minimum(1, np.arange(width, 0, -TILE) / TILE)
    weights = np.sqrt(np.outer(share_y, share_x)).ravel().astype(np.float32)  # a small piece of a block is less sure
    return _flatten((spectra * weights[:, None, None]).sum(axis=0), _TOTAL_WHITENING)


def _flatten(spectrum: Spectrum, power: float) -> Spectrum:
    return np.where(IN_BAND, spectrum / (np.abs(spectrum) ** np.float32(power) + np.float32(1e-6)), 0).astype(
        np.complex64, copy=False
    )


def _deviation(spectrum: Spectrum) -> float:
    """Standard deviation of any correlation plane of this spectrum: Parseval, as all templates have magnitude 1."""
    return float(np.sqrt(2 * (spectrum.real**2 + spectrum.imag**2).sum())) / TILE**2 + 1e-12


def _score(spectrum: Spectrum, bank: Bank) -> tuple[float, int, int, Plane]:
    correlation = to_plane(spectrum * bank.phases[0].conj())
    peak = int(correlation.argmax())
    y, x = divmod(peak, TILE)
    return float(correlation[y, x]) / _deviation(spectrum), y, x, correlation


def _locate(spectrum: Spectrum, bank: Bank) -> Sync:
    score, y, x, plane = _score(spectrum, bank)
    around_y = [float(plane[(y + d) % TILE, x]) for d in (-1, 0, 1)]
    around_x = [float(plane[y, (x + d) % TILE]) for d in (-1, 0, 1)]
    return Sync(score, (y + _vertex(around_y), x + _vertex(around_x)), spectrum)


def _vertex(values: list[float]) -> float:
    """Sub-pixel place of a peak from three samples, by a parabola: -0.5..0.5."""
    before, peak, after = values
    bend = before - 2 * peak + after
    return 0.0 if bend >= -1e-12 else min(0.5, max(-0.5, 0.5 * (before - after) / bend))
