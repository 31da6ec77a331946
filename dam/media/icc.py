"""Is a colour profile plain sRGB? Then the costly transform can be left out."""

import struct

_PRIMARIES = {  # ICC.1 D50-adapted colorants of sRGB (IEC 61966-2-1)
    b"rXYZ": (0.4361, 0.2225, 0.0139),
    b"gXYZ": (0.3851, 0.7169, 0.0971),
    b"bXYZ": (0.1431, 0.0606, 0.7139),
}
_TOLERANCE = 0.004


def is_srgb(profile: bytes) -> bool:
    """Whether an RGB profile has sRGB's colorants and a curve like sRGB's. Judged by numbers: names lie."""
    if len(profile) < 132 or profile[16:20] != b"RGB ":
        return False
    tags = _tags(profile)
    if b"A2B0" in tags:  # a table overrides colorants and curves
        return False
    return all(_is_near(tags.get(n, b""), xyz) for n, xyz in _PRIMARIES.items()) and all(
        _is_srgb_curve(tags.get(n, b"")) for n in (b"rTRC", b"gTRC", b"bTRC")
    )


def _tags(profile: bytes) -> dict[bytes, bytes]:
    count = min(int.from_bytes(profile[128:132], "big"), 100)
    tags = {}
    for index in range(count):
        entry = profile[132 + 12 * index : 144 + 12 * index]
        if len(entry) == 12:
            at, size = struct.unpack(">II", entry[4:])
            tags[entry[:4]] = profile[at : at + size]
    return tags


def _is_near(tag: bytes, xyz: tuple[float, float, float]) -> bool:
    if len(tag) < 20 or tag[:4] != b"XYZ ":
        return False
    numbers = struct.unpack(">iii", tag[8:20])
    return all(abs(n / 65536 - want) < _TOLERANCE for n, want in zip(numbers, xyz, strict=True))


def _is_srgb_curve(tag: bytes) -> bool:
    """Checked in the middle: sRGB maps 0.5 to 0.2140."""
    if tag[:4] == b"para" and len(tag) >= 32 and tag[8:10] == b"\0\3":
        gamma, a, b = (float(n) / 65536 for n in struct.unpack(">3i", tag[12:24]))
        base = a * 0.5 + b
        return 0 < base < 2 and 0 < gamma < 10 and abs(float(base**gamma) - 0.2140) < _TOLERANCE
    count = int.from_bytes(tag[8:12], "big")
    if tag[:4] != b"curv" or count < 256 or len(tag) < 12 + 2 * count:
        return False
    at = 12 + 2 * round((count - 1) / 2)
    return abs(int.from_bytes(tag[at : at + 2], "big") / 65535 - 0.2140) < _TOLERANCE
