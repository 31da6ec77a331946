"""The samples of a WAV file, and the file with other samples and everything else byte for byte as it was."""

import struct
from dataclasses import dataclass
from typing import Any, Final

import numpy as np
from numpy.typing import NDArray

from dam.errors import PolicyError, UndecodableError

_PCM, _EXTENSIBLE = 1, 0xFFFE
_MOST_CHUNKS: Final = 1_000


@dataclass(frozen=True, slots=True)
class Pcm:
    """Where the samples lie in the file, and how: little-endian integers of 16 or 24 bits, channels interleaved."""

    offset: int
    size: int
    rate: int
    channels: int
    bits: int


def locate(data: bytes) -> Pcm:
    """Find the samples.

    Raises:
        UndecodableError: no such file, or it is damaged. PolicyError: "mark.sound": samples of another kind.
    """
    if data[:4] != b"RIFF" or data[8:12] != b"WAVE":
        raise UndecodableError("It is no RIFF WAVE file.")
    at, form = 12, b""
    for _ in range(_MOST_CHUNKS):
        if at + 8 > len(data):
            break
        name, size = data[at : at + 4], int.from_bytes(data[at + 4 : at + 8], "little")
        if name == b"fmt ":
            form = data[at + 8 : at + 8 + min(size, 64)]
        elif name == b"data":
            return _pcm(form, at + 8, min(size, len(data) - at - 8))
        at += 8 + size + size % 2
    raise UndecodableError("The WAV file has no samples.")


def _pcm(form: bytes, offset: int, size: int) -> Pcm:
    if len(form) < 16:
        raise UndecodableError("The WAV file does not say how its samples are made.")
    kind, channels, rate, _, frame, bits = struct.unpack_from("<HHIIHH", form)
    if kind == _EXTENSIBLE and len(form) >= 26:
        kind = int.from_bytes(form[24:26], "little")
    if kind != _PCM or bits not in (16, 24) or not channels or frame != channels * bits // 8:
        raise PolicyError("Only WAV of 16 or 24 bit integers is marked.", code="mark.sound")
    return Pcm(offset, size - size % frame, rate, channels, bits)


def samples(data: bytes, pcm: Pcm) -> NDArray[np.int32]:
    """(n, channels) int32 of the file's own range."""
    raw = np.frombuffer(data, np.uint8, pcm.size, pcm.offset)
    if pcm.bits == 16:
        return raw.view("<i2").astype(np.int32).reshape(-1, pcm.channels)
    parts = raw.reshape(-1, 3).astype(np.int32)
    whole = parts[:, 0] | parts[:, 1] << 8 | parts[:, 2] << 16
    return np.where(whole >= 1 << 23, whole - (1 << 24), whole).astype(np.int32).reshape(-1, pcm.channels)


def replaced(data: bytes, pcm: Pcm, made: NDArray[Any]) -> bytes:
    """The file with these samples, (n, channels) of the range that `samples` gave."""
    flat = np.ascontiguousarray(made, np.int32).reshape(-1)
    if pcm.bits == 16:
        raw = flat.astype("<i2").tobytes()
    else:
        raw = flat.astype("<i4").view(np.uint8).reshape(-1, 4)[:, :3].tobytes()
    return data[: pcm.offset] + raw + data[pcm.offset + pcm.size :]
