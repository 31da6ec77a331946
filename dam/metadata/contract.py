"""The shape of a metadata reader, and the careful helpers that all of them share."""

import itertools
import json
import math
import re
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import replace
from typing import Any, Protocol

from dam.media.probe import Probe, Text
from dam.metadata.once import once
from dam.model import Claim, Generation

GROUP = "dam.metadata_readers"
MAX_JSON_BYTES = 8 << 20
MAX_JSON_DEPTH = 64
MAX_JSON_PARTS = 100_000  # values, about; the largest graphs that people share have some ten thousand
MAX_RAW_BYTES = 4 << 20
MAX_PROMPT_CHARS = 200_000
_MAX_INT = 1 << 128  # seeds exceed 63 bits; nothing honest exceeds this


class Reader(Protocol):
    """A metadata reader; final shape for third parties (entry-point group `dam.metadata_readers`).

    `read` gives claims rather than one `Generation`, because one file may hold several carriers of the same tool (a PNG
    with `prompt`, `workflow` and `parameters`), and each is kept as its own statement. Both methods are pure functions of
    the probe: no state, no file access, the same answer in any thread and order, and no exception on any bytes.
    """

    name: str
    version: str

    def score(self, probe: Probe) -> int:
        """How sure this reader is that something here is its own: 0 = nothing, 100 = no other tool writes this."""
        ...

    def read(self, probe: Probe) -> Sequence[Claim]:
        """Every statement found, a claim a carrier; empty when `score` is 0."""
        ...


def is_reader(thing: object) -> bool:
    """Tells `plugins.discover` whether an object has the shape of a `Reader`."""
    return (
        isinstance(getattr(thing, "name", None), str)
        and isinstance(getattr(thing, "version", None), str)
        and callable(getattr(thing, "score", None))
        and callable(getattr(thing, "read", None))
    )


def claim_of(
    reader: Reader,
    text: Text,
    generation: Generation | None = None,
    fields: Mapping[str, Any] | None = None,
    *,
    confidence: float = 1.0,
    ai_generated: bool | None = None,
    digital_source_type: str | None = None,
) -> Claim:
    """A claim about one carrier. `raw` is capped at 4 MiB (`raw_bytes` keeps the true length), strings are made storable."""
    return Claim(
        carrier=text.carrier,
        reader=reader.name,
        reader_version=reader.version,
        raw=text.raw[:MAX_RAW_BYTES],
        raw_bytes=text.raw_bytes,
        fields=storable(dict(fields or {})),
        confidence=confidence,
        generation=None if generation is None else _storable_generation(generation),
        ai_generated=ai_generated,
        digital_source_type=digital_source_type,
    )


def xmp_texts(probe: Probe) -> tuple[Text, ...]:
    """The XMP packets in the shape of text carriers, so that claims on them are built alike."""
    return tuple(Text("xmp", "xmp", raw.decode("utf-8", "replace"), raw, len(raw)) for raw in probe.xmp)


def plain_texts(probe: Probe) -> Iterator[Text]:
    """Text carriers of a size worth parsing, without XMP packets (those are in `probe.xmp`)."""
    for text in probe.texts:
        if text.text and len(text.text) <= MAX_JSON_BYTES and "xmp" not in text.key.lower():
            yield text


@once
def parse_json(text: str) -> Any | None:
    """JSON from strangers: at most 8 MiB, 100,000 values and 64 levels; NaN and Infinity become None (PostgreSQL and
    browsers refuse them); junk before the first brace is skipped. None = not JSON. Readers share the answer: look only.
    """
    if len(text) > MAX_JSON_BYTES or sum(map(text.count, ",[{")) > MAX_JSON_PARTS:
        return None
    text = text.strip().lstrip("\ufeff").strip("\0")
    value = _decode(text)
    if value is None and text[:1] not in ("", "n"):
        starts = (found.start() for found in itertools.islice(re.finditer(r"[{\[]", text), 4))
        value = next((found for at in starts if (found := _decode_front(text, at)) is not None), None)
    return value if value is not None and _depth_ok(value) else None


def parse_object(text: str) -> dict[str, Any] | None:
    """A JSON object, also when it was encoded up to three times as a JSON string."""
    value = parse_json(text)
    for _ in range(3):
        if not isinstance(value, str):
            break
        value = parse_json(value)
    return value if isinstance(value, dict) else None


def _decode(text: str) -> Any | None:
    try:
        return _DECODER.decode(text)
    except (ValueError, RecursionError):
        return None


def _decode_front(text: str, at: int) -> Any | None:
    try:
        return _DECODER.raw_decode(text, at)[0]
    except (ValueError, RecursionError):
        return None


def _no_constant(_name: str) -> None:
    return None


def _finite(text: str) -> float | None:
    value = float(text)
    return value if math.isfinite(value) else None


_DECODER = json.JSONDecoder(parse_constant=_no_constant, parse_float=_finite, strict=False)


def _depth_ok(value: Any) -> bool:
    level = [value] if isinstance(value, (dict, list)) else []
    for _ in range(MAX_JSON_DEPTH):
        if not level:
            return True
        level = [
            inner
            for item in level
            for inner in (item.values() if type(item) is dict else item)
            if type(inner) is dict or type(inner) is list
        ]
    return not level


def storable(value: Any) -> Any:
    """JSON-able view without what databases refuse: lone surrogates, NUL characters, NaN, huge integers, odd types."""
    if isinstance(value, str):
        return clean_text(value)
    if isinstance(value, Mapping):
        return {clean_text(str(k)): storable(v) for k, v in value.items()}
    if isinstance(value, (list, tuple)):
        return [storable(v) for v in value]
    if isinstance(value, float):
        return value if math.isfinite(value) else None
    if value is None or isinstance(value, bool):
        return value
    if isinstance(value, int):
        return value if abs(value) < _MAX_INT else None
    return clean_text(str(value))


def clean_text(text: str) -> str:
    """Text that encodes to UTF-8 and that PostgreSQL stores."""
    if "\0" in text:
        text = text.replace("\0", "")
    try:
        text.encode()
    except UnicodeEncodeError:
        return text.encode("utf-16", "surrogatepass").decode("utf-16", "replace")
    return text


def _storable_generation(generation: Generation) -> Generation:
    changes: dict[str, Any] = {}
    for name in ("tool", "tool_version", "model", "model_hash", "sampler", "scheduler"):
        given = getattr(generation, name)
        if (text := as_text(given, limit=1000)) is not given:
            changes[name] = text
    for name in ("prompt", "negative_prompt"):
        given = getattr(generation, name)
        if (text := as_prompt(given)) is not given:
            changes[name] = text
    return replace(generation, **changes) if changes else generation


def as_text(value: Any, limit: int = MAX_PROMPT_CHARS) -> str | None:
    """Text with something in it; None, "None" and blanks are absent."""
    if isinstance(value, (int, float)) and not isinstance(value, bool):
        value = str(value)
    if not isinstance(value, str):
        return None
    value = clean_text(value).strip()[:limit]
    return None if value in ("", "None", "null", "undefined", "Undefined") else value


def as_prompt(value: Any) -> str | None:
    """Text as it stands; the empty string is a statement (an empty negative prompt), only non-text is None."""
    if isinstance(value, list) and all(isinstance(v, str) for v in value):
        value = "\n".join(value)
    return clean_text(value)[:MAX_PROMPT_CHARS] if isinstance(value, str) else None


def as_int(value: Any) -> int | None:
    """A whole number, also from text ("20", "20.0")."""
    if isinstance(value, str):
        value = _number(value)
    if isinstance(value, bool) or not isinstance(value, (int, float)):
        return None
    if isinstance(value, float):
        if not math.isfinite(value):
            return None
        value = int(value)
    return value if abs(value) < _MAX_INT else None


def as_float(value: Any) -> float | None:
    """A finite number, also from text."""
    if isinstance(value, str):
        value = _number(value)
    if isinstance(value, bool) or not isinstance(value, (int, float)) or abs(value) >= _MAX_INT:
        return None
    value = float(value)
    return value if math.isfinite(value) else None


def as_count(value: Any) -> int | None:
    """A whole number above zero (steps, pixels); zero and -1 are placeholders."""
    number = as_int(value)
    return number if number is not None and 0 < number < 1 << 31 else None


def as_seed(value: Any) -> int | None:
    """A seed; -1 means "random" and is absent, 0 is real."""
    number = as_int(value)
    return number if number is not None and number >= 0 else None


def as_size(value: Any) -> tuple[int | None, int | None]:
    """Width and height from "512x768", "(768, 1280)" or a pair."""
    parts = (
        list(value[:2])
        if isinstance(value, (list, tuple))
        else re.findall(r"\d{1,6}", value)[:2]
        if isinstance(value, str)
        else []
    )
    if len(parts) != 2:
        return None, None
    width, height = as_count(parts[0]), as_count(parts[1])
    return (width, height) if width and height else (None, None)


def _number(text: str) -> int | float | None:
    text = text.strip()
    if len(text) > 60:
        return None
    try:
        return int(text)
    except ValueError:
        pass
    try:
        return float(text)
    except ValueError:
        return None
