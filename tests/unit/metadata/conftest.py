"""Probes made of texts, so that readers are tested without a file."""

import json
from collections.abc import Callable
from typing import Any

import pytest

from dam.media.probe import Probe, Text
from dam.model import Kind, Media

Make = Callable[..., Probe]


def text_of(key: str, value: Any, carrier: str | None = None) -> Text:
    text = value if isinstance(value, str) else json.dumps(value)
    raw = text.encode("utf-8", "surrogatepass")
    return Text(carrier or f"png:tEXt:{key}", key, text, raw, len(raw))


@pytest.fixture
def probe_of() -> Make:
    """`probe_of(parameters="...", kind=Kind.VIDEO, xmp=b"...")`: keyword names are text keys (or `texts=[(key, value)]`)."""

    def make(
        texts: list[tuple[str, Any]] | None = None, *, kind: Kind = Kind.IMAGE, xmp: bytes | None = None, **keyed: Any
    ) -> Probe:
        found = tuple(text_of(key, value) for key, value in [*(texts or []), *keyed.items()])
        media = Media(kind, f"{kind}/x", 64, 64)
        return Probe("x", 1, media, found, () if xmp is None else (xmp,))

    return make
