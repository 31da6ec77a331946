"""The mark by hand: put one into a picture, read one, with the library's key or a key of one's own. No catalogue entry."""

import hashlib
import os
import secrets
from collections.abc import Callable, Sequence
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import Any

from dam.errors import BadFileError, ConflictError, PolicyError, UsageError
from dam.media import encode, pixels, soundness
from dam.media.probe import probe
from dam.model import Kind, Problem
from dam.storage.local import write_atomic
from dam.watermark import detect
from dam.watermark.contract import KEY_BYTES, Effort, Watermarker
from dam.watermark.payload import format_mark_id, parse_mark_id

BUDGET_S = 20.0
NamedKey = tuple[str, bytes]
_HEX_KEY = 2 * KEY_BYTES
_MAX_KEY_FILE = 4096


@dataclass(frozen=True, slots=True)
class Marked:
    """A marked file that was written. Attribute names are the wire's (dam_schemas.marks.MarkedOut)."""

    path: str
    sha256: str
    mime: str
    mark_id: str
    engine: str
    key_id: str
    psnr_db: float
    strength_db: float
    survived: dict[str, bool]
    notes: tuple[str, ...]


@dataclass(frozen=True, slots=True)
class Seen:
    """What was found in one file; `mark_id` None = nothing, which proves nothing. Attribute names are the wire's."""

    path: str
    mark_id: str | None = None
    engine: str | None = None
    key_id: str | None = None
    verified: bool = False
    score: float | None = None
    p_false: float | None = None
    effort: Effort | None = None
    transform: dict[str, Any] | None = None
    problems: tuple[Problem, ...] = ()


def key_in(path: Path) -> NamedKey:
    """A key of one's own: 32 bytes, or 64 hex digits and perhaps an end of line.

    Raises:
        UsageError: it cannot be read, or is no key ("mark.bad_key").
    """
    try:
        with open(path, "rb") as file:
            data = file.read(_MAX_KEY_FILE)
    except OSError as error:
        raise UsageError(f"The key file cannot be read: {error.strerror}.", code="mark.bad_key") from error
    text = data.strip()
    if len(data) != KEY_BYTES and len(text) == _HEX_KEY:
        try:
            data = bytes.fromhex(text.decode("ascii"))
        except ValueError:
            data = b""
    if len(data) != KEY_BYTES:
        raise UsageError(
            f"{path.name} is no mark key: it must hold {KEY_BYTES} bytes, or {_HEX_KEY} hex digits.",
            next_step="Make one: openssl rand -out my.key 32",
            code="mark.bad_key",
        )
    return f"file:{hashlib.sha256(data).hexdigest()[:16]}", data


def strength_of(text: str) -> float | None:
    """A strength as people write it: "auto", or a PSNR in dB."""
    if text == "auto":
        return None
    try:
        return float(text)
    except ValueError:
        raise UsageError(
            f"{text[:20]!r} is no strength.", next_step="Give auto, or a PSNR of 30 to 60.", code="mark.bad_strength"
        ) from None


class Marking:
    """`keys` says which keys there are, the one that marks first; it is asked at each use."""

    def __init__(self, keys: Callable[[], Sequence[NamedKey]], *, max_pixels_mp: float) -> None:
        self._keys, self._max_pixels_mp = keys, max_pixels_mp

    def embed(
        self, source: str, target: str, *, engine: str = "tilemark", mark_id: str | None = None, strength: str = "auto",
        replace: bool = False,
    ) -> Marked:  # fmt: skip
        """Write a marked copy of a still picture, in its own format where that is one we write, else as PNG.

        Args:
            source: the picture; it is only read.
            target: where the copy goes.
            engine: its name.
            mark_id: 16 hex digits; None = drawn at random.
            strength: "auto" or a PSNR in dB.
            replace: write over a target that is there. Never over the source.

        Raises:
            UsageError: what was asked makes no sense. ConflictError: the target exists, or is the source.
            BadFileError: the source is damaged. PolicyError: such a picture takes no mark.
        """
        chosen = self._engine(engine)
        number = secrets.randbits(chosen.id_bits) if mark_id is None else parse_mark_id(mark_id)
        decibels = strength_of(strength)
        self._free(source, target, replace=replace)
        known = probe(source)
        soundness.check(known)
        if known.media.kind is not Kind.IMAGE:
            raise PolicyError(
                f"{known.media.mime} takes no mark by hand.",
                next_step="Still pictures do; videos and sounds are marked in protected copies (docs/marks.md).",
                code="mark.unsupported",
            )
        key_id, key = self._keys()[0]
        done: list[Any] = []

        def transform(samples: Any) -> Any:
            done.append(chosen.embed(samples, number, key, strength_db=decibels))
            return done[-1].pixels

        made = encode.protected_bytes(source, known, transform, max_pixels_mp=self._max_pixels_mp)
        write_atomic(Path(target), made.data)
        embedded = done[0]
        return Marked(
            target, hashlib.sha256(made.data).hexdigest(), made.mime, format_mark_id(number), chosen.name, key_id,
            embedded.psnr_db, embedded.strength_db, embedded.survived, made.notes,
        )  # fmt: skip

    def detect(self, path: str, *, effort: Effort = "deep") -> Seen:
        """Look for any engine's mark under any of the keys. What cannot be read is a problem in the answer, no error."""
        try:
            known = probe(path)
            if known.media.kind not in (Kind.IMAGE, Kind.VIDEO):
                problem = Problem("mark.unsupported", f"No pixels to look at in {known.media.mime}: use dam identify.")
                return Seen(path, problems=(problem,))
            decoded = pixels.decode(path, known.media, max_pixels_mp=self._max_pixels_mp)
        except BadFileError as error:
            return Seen(path, problems=(Problem(error.code, error.message),))
        found = detect.detect_all(decoded.rgb, self._keys(), effort=effort, budget_s=BUDGET_S)
        if found is None:
            return Seen(path)
        key_id, engine, seen = found
        return Seen(
            path, format_mark_id(seen.mark_id), engine, key_id, seen.verified, seen.score, seen.p_false, seen.effort,
            asdict(seen.transform),
        )  # fmt: skip

    def _engine(self, name: str) -> Watermarker:
        found = detect.engine(name)
        ready = [one.name for one in detect.discovery().plugins if one.available().ready]
        if found is None or not found.available().ready:
            why = found.available().reason if found is not None else "There is no such engine."
            raise UsageError(
                f"The mark engine {name[:40]} cannot be used: {why}",
                next_step=f"Ready here: {', '.join(ready)}.",
                code="mark.engine",
            )
        return found

    def _free(self, source: str, target: str, *, replace: bool) -> None:
        if not os.path.lexists(target):
            return
        if os.path.realpath(source) == os.path.realpath(target) or os.path.samefile(source, target):
            raise ConflictError("The marked copy would replace the picture itself.", next_step="Name another file.")
        if not replace:
            raise ConflictError(f"{target!a} exists.", next_step="Name another file, or give --replace.")
