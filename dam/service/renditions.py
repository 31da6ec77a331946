"""Copies with a visible label: drawn, signed over the copy that they were drawn on, kept in the vault, delivered."""

import hashlib
import os
from collections.abc import Callable
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any

import numpy as np

from dam.catalogue import records
from dam.catalogue.reading import open_reader
from dam.catalogue.tables import CopyRow
from dam.errors import ConflictError, NotFoundError, PolicyError, UnreadableError, UsageError
from dam.ingest import evidence, labelling, relate
from dam.ingest.parts import Parts
from dam.media import encode, fonts, hashing, pixels, tiled, visible
from dam.media.paths import from_text
from dam.media.probe import Probe, probe
from dam.model import Kind
from dam.provenance import compose, signing, wording
from dam.provenance.statement import AssetFacts, SoftBindingEntry
from dam.service.copies import Delivered
from dam.service.finding import Finder
from dam.storage.local import write_atomic
from dam.watermark import detect

_ORIENTATION = 0x0112
_INVERSE = {6: 8, 8: 6}  # the other turns undo themselves


@dataclass(frozen=True, slots=True)
class Wish:
    """What a person asked for."""

    style: wording.Style
    corner: str = "bottom-right"


@dataclass(frozen=True, slots=True)
class _Parent:
    """The file that a label is drawn on: the protected copy where there is one, else the original."""

    path: str
    mime: str
    sha256: str
    title: str
    mark_id: str | None = None


class Renditions:
    def __init__(self, parts: Parts, find: Finder) -> None:
        self._parts, self._find = parts, find

    def export(
        self, asset: str, folder: Path, wish: Wish, *, dry_run: bool = False, actor: str = "service"
    ) -> Delivered:
        """Write a copy with a visible label into a folder; a different file of that name is never written over.

        On a dry run the label is drawn (so that every refusal is said) and nothing is signed or written: `sha256` and
        `size_bytes` are those of the drawn picture.

        Raises:
            PolicyError: this file takes no label, with the reason. ConflictError: the name is taken by other bytes.
        """
        if folder.exists() and not folder.is_dir():
            raise UsageError(f"{folder} is a file.", next_step="Name a folder: --to DIR")
        if wish.corner not in visible.CORNERS:
            raise UsageError(f"No corner {wish.corner!r}.", next_step=f"Use {', '.join(visible.CORNERS)}.")
        card = self._find.card(asset)
        if card.kind != Kind.IMAGE:
            raise PolicyError(
                f"{card.title}: visible labels are drawn on pictures only; a video would have to be encoded anew.",
                next_step="Burn the label in when the video is rendered, then export it without --label.",
                code="label.unsupported",
            )
        parent = self._parent(card.id)
        recipe = f"label.1:{wish.style.key}:{wish.corner}:{_digest(wish.style.text)}:{parent.sha256[:16]}"
        known = self._known(card.id, recipe)
        data, suffix = known or self._make(card.id, parent, wish, None if dry_run else recipe, actor)
        digest = hashlib.sha256(data).hexdigest()
        target = folder / f"{os.path.splitext(card.title)[0]}.labelled{suffix}"
        there = target.exists()
        if there and not dry_run and hashing.sha256_file(os.fspath(target)) != digest:
            raise ConflictError(
                f"{target} is there with other bytes.", next_step="Choose another folder.", code="export.taken"
            )
        if not there and not dry_run:
            write_atomic(target, data)
        return Delivered(card.id, os.fspath(target), digest, len(data), written=not there and not dry_run)

    def _parent(self, asset_id: str) -> _Parent:
        found = self._find.detail(asset_id)
        for copy in found["copies"]:
            kept = self._parts.storage.path(copy["storage_key"])
            if copy["kind"] == "protected" and kept.is_file():
                title = f"{os.path.splitext(found['title'])[0]}.protected{kept.suffix}"
                return _Parent(os.fspath(kept), copy["mime"], copy["sha256"], title, copy["mark_id"])
        with open_reader(self._parts.catalogue.path) as reader:
            places = reader.readable_places(asset_id)
        for folder, name, _ in places:
            path = os.path.join(from_text(folder), from_text(name))
            try:
                if hashing.sha256_file(path) == found["sha256"]:
                    return _Parent(path, found["mime"], found["sha256"], found["title"])
            except UnreadableError:
                continue
        raise NotFoundError(
            f"{found['title']} cannot be read now.",
            next_step="Connect its drive, or: dam protect",
            code="asset.offline",
        )

    def _known(self, asset_id: str, recipe: str) -> tuple[bytes, str] | None:
        """The same label on the same picture, made before."""
        with open_reader(self._parts.catalogue.path) as reader:
            rows = reader.rows(
                "SELECT storage_key, sha256 FROM copy WHERE asset_id = ? AND kind = 'labelled' AND recipe = ?",
                asset_id, recipe,
            )  # fmt: skip
        path = self._parts.storage.path(rows[0]["storage_key"]) if rows else None
        if path is None or not path.is_file():
            return None
        data = path.read_bytes()
        return (data, path.suffix) if hashlib.sha256(data).hexdigest() == rows[0]["sha256"] else None

    def _make(self, asset_id: str, parent: _Parent, wish: Wish, recipe: str | None, actor: str) -> tuple[bytes, str]:
        """Draw, sign and store. Without a recipe: draw only."""
        known = evidence.gather(self._parts, asset_id)
        policy = evidence.policy(self._parts.settings)
        said = compose.say(known.evidence, policy)
        sign, text = wording.words_of(
            wish.style, said.source_type.value if said.source_type else None, ai_generated=known.card.ai_generated
        )
        words = visible.Words(sign, text)
        source = probe(parent.path)
        font = _font(words, self._parts.settings.label_font)
        if wish.style.law == "tiled":
            canvas = _Canvas(lambda shown: _all_over(shown, words, font), _orientation(source))
        else:
            canvas = _Canvas(lambda shown: visible.draw(shown, words, font, wish.corner), _orientation(source))
        made = encode.protected_bytes(
            parent.path, source, canvas.draw, max_pixels_mp=self._parts.settings.max_pixels_mp
        )
        if wish.style.law != "tiled":
            _check_opaque(made.data, canvas.box)
        if hashing.sha256_file(parent.path) != parent.sha256:
            raise UnreadableError(f"{parent.path} changed while its copy was made.", code="file.changing")
        if recipe is None:
            return made.data, made.suffix
        label = labelling.label_for(self._parts.settings, known.evidence, policy)
        data, has_labels = labelling.labelled(made.data, made.mime, label)
        statement = compose.labelled_copy(
            title=f"{os.path.splitext(known.card.title)[0]}.labelled{made.suffix}",
            original_title=parent.title,
            asset=AssetFacts(asset_id=asset_id, sha256=known.card.sha256, library_id=self._parts.catalogue.library_id),
            words=words.whole,
            said=replace(said, labelled=has_labels),
            mark=self._mark_in(canvas.drawn, parent.mark_id),
            converted=made.mime != parent.mime,
        )
        signed = signing.sign_copy(
            data, made.mime, original_path=parent.path, original_mime=parent.mime, statement=statement,
            ring=self._parts.ring, store=self._parts.trust, inputs=known.files,
        )  # fmt: skip
        self._store(asset_id, recipe, made, signed, actor)
        return signed.data, made.suffix

    def _mark_in(self, drawn: Any, mark_id: str | None) -> SoftBindingEntry | None:
        """The parent's mark, if it is still found in the picture with its label."""
        keys = [(key.key_id, key.secret) for key in self._parts.mark_keys]
        found = detect.detect_all(drawn, keys, effort="fast", budget_s=5.0) if mark_id else None
        engine = detect.engine(found[1]) if found else None
        if found is None or engine is None or f"{found[2].mark_id:016x}" != mark_id:
            return None
        return SoftBindingEntry(alg=engine.alg, value=engine.value(found[2].mark_id, dict(keys)[found[0]]))

    def _store(
        self, asset_id: str, recipe: str, made: encode.EncodedCopy, signed: signing.SignedCopy, actor: str
    ) -> None:
        digest = hashlib.sha256(signed.data).hexdigest()
        key = f"labelled/{digest[:2]}/{digest}{made.suffix}"
        self._parts.storage.put(key, signed.data)
        with self._parts.catalogue.change(actor) as unit:
            row = CopyRow(
                id=unit.new_id(), asset_id=asset_id, kind="labelled", recipe=recipe, sha256=digest,
                size_bytes=len(signed.data), mime=made.mime, storage_key=key, manifest_label=signed.label,
                made_at=unit.now,
            )  # fmt: skip
            records.add_copy(unit, row, None)
            relate.on_label(unit, signed.label)


class _Canvas:
    """Draws on the samples as they are stored, so that the label stands upright where the picture is shown."""

    def __init__(self, draw: Callable[[Any], visible.Drawn], orientation: int) -> None:
        self._draw, self._orientation = draw, orientation
        self.drawn: Any = None
        self.box: visible.Box = (0, 0, 0, 0)  # in the samples as they are stored

    def draw(self, samples: Any) -> Any:
        made = self._draw(pixels.upright(samples, self._orientation))
        touched = np.zeros(made.pixels.shape[:2], dtype=np.uint8)
        left, top, right, bottom = made.box
        touched[top:bottom, left:right] = 1
        back = _INVERSE.get(self._orientation, self._orientation)
        rows, columns = np.nonzero(pixels.upright(touched, back))
        self.box = (int(columns.min()), int(rows.min()), int(columns.max()) + 1, int(rows.max()) + 1)
        self.drawn = pixels.upright(made.pixels, back)
        return self.drawn


def _all_over(shown: Any, words: visible.Words, font: str) -> visible.Drawn:
    height, width = shown.shape[:2]
    return visible.Drawn(tiled.draw_tiled(shown, words.whole, font), (0, 0, width, height), 0)


def _orientation(source: Probe) -> int:
    """EXIF's turn where the copy keeps it; what becomes a PNG is upright already."""
    kept = source.media.mime in ("image/jpeg", "image/png", "image/webp")
    value = source.exif.get(_ORIENTATION) if kept else 1
    value = value[0] if isinstance(value, tuple) and value else value
    return value if isinstance(value, int) and 1 <= value <= 8 else 1


def _font(words: visible.Words, chosen: Path | None) -> str:
    font = fonts.find(words.whole, None if chosen is None else os.fspath(chosen))
    if font is None:
        where = f"The font {chosen}" if chosen else "No font on this machine"
        raise PolicyError(
            f"{where} has not all characters of {words.whole!r}.",
            next_step="Install one (Debian: fonts-noto-cjk), or name its file in the setting label_font.",
            code="label.no_font",
        )
    return font


def _check_opaque(data: bytes, box: visible.Box) -> None:
    """A label on transparent ground would not be seen."""
    import io

    from PIL import Image

    with Image.open(io.BytesIO(data)) as image:
        alpha = image.getchannel("A").crop(box) if "A" in image.getbands() else None
    if alpha is not None and np.asarray(alpha).min() < 255:
        raise PolicyError(
            "The picture is transparent where the label would stand.",
            next_step="Choose another --corner, or export a flattened picture.",
            code="label.transparent",
        )


def _digest(text: str) -> str:
    return hashlib.sha256(text.encode()).hexdigest()[:12] if text else "-"
