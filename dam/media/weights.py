"""Headers of model files: the metadata of safetensors and GGUF. No tensor is read.

safetensors: 8 bytes of length (little-endian), then JSON whose `__metadata__` is an object of texts; the format caps the
header at 100 MB. GGUF: magic, version, two counts, then key, type, value; arrays (a tokenizer's words) end the walk.
"""

import json
import re
import struct

from dam.media.carriers import RAW_CAP_BYTES, Found, Source

_MAX_HEADER_BYTES = 100_000_000
_GGUF_CAP_BYTES = 1 << 20
_GGUF_KEYS = 512
_GGUF_STRING_BYTES = 256 << 10
_SCALARS = {0: "<B", 1: "<b", 2: "<H", 3: "<h", 4: "<I", 5: "<i", 6: "<f", 7: "<?", 10: "<Q", 11: "<q", 12: "<d"}
_STRING, _ARRAY = 8, 9


def read_safetensors(source: Source, found: Found) -> None:
    """`__metadata__` as one JSON text. Training tools write it first, so it is found in a cut header too."""
    length = int.from_bytes(source.read(0, 8), "little")
    if length > _MAX_HEADER_BYTES or 8 + length > source.size_bytes:
        found.problem("safetensors.truncated", "The header is longer than the file or than the format allows.")
    header = source.read(8, min(length, RAW_CAP_BYTES)).decode("utf-8", "replace")
    start = re.search(r'"__metadata__"\s*:\s*(?=\{)', header)
    if start is None:
        return
    try:
        metadata, end = json.JSONDecoder().raw_decode(header, start.end())
    except (ValueError, RecursionError):
        found.problem("safetensors.damaged", "The header's metadata cannot be read.")
        return
    if isinstance(metadata, dict) and metadata:
        text = header[start.end() : end]
        found.text("safetensors:__metadata__", "__metadata__", text.encode("utf-8", "replace"), text)


def read_gguf(source: Source, found: Found) -> None:
    """The scalar key values up to the first array, as one JSON text."""
    data = source.read(0, _GGUF_CAP_BYTES)
    walk = _Gguf(data)
    values = walk.values()
    if walk.damaged:
        found.problem("gguf.damaged", "The header cannot be read to its end.")
    if values:
        text = json.dumps(values)
        found.text("gguf:metadata", "metadata", text.encode(), text)


class _Gguf:
    def __init__(self, data: bytes) -> None:
        self._data = data
        self._at = 24
        self.damaged = False

    def values(self) -> dict[str, str | int | float | bool]:
        """Key and value, until an array, an unknown type or the end of what was read."""
        found: dict[str, str | int | float | bool] = {}
        try:
            version, _, count = struct.unpack_from("<IQQ", self._data, 4)
            if version not in (2, 3):
                return {}
            for _ in range(min(count, _GGUF_KEYS)):
                key, kind = self._string(), self._number("<I")
                if kind == _ARRAY:
                    break
                found[key[:200]] = self._string() if kind == _STRING else self._number(_SCALARS[int(kind)])
        except (struct.error, KeyError):
            self.damaged = len(self._data) < _GGUF_CAP_BYTES
        return found

    def _number(self, form: str) -> int | float | bool:
        (value,) = struct.unpack_from(form, self._data, self._at)
        self._at += struct.calcsize(form)
        number: int | float | bool = value
        return number if number == number else 0  # noqa: PLR0124  # NaN is no JSON

    def _string(self) -> str:
        length = int(self._number("<Q"))
        if length > _GGUF_STRING_BYTES or self._at + length > len(self._data):
            raise struct.error
        self._at += length
        return self._data[self._at - length : self._at].decode("utf-8", "replace")
