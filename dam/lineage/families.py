"""Which assets are one family: made from the same prompt with the same seed."""

import unicodedata
from typing import Final

_NO_SEED: Final = frozenset({"", "-1"})  # tools write -1 for "any"


def family_of(kind: str, prompt: str | None, seed: str | None) -> str | None:
    """A name of the family; None where prompt or seed is not known. Spaces and Unicode forms do not count, case does.

    The model, the steps and the size are left out: an upscale or another sampler of one idea is of its family.
    """
    words = " ".join(unicodedata.normalize("NFC", prompt or "").split())
    number = (seed or "").strip()
    if not words or number in _NO_SEED:
        return None
    return f"{kind}\n{number}\n{words}"
