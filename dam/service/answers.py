"""Answers about a file in the hand: what is in it, is it authentic, is it ours. Works with and without a library."""

from collections.abc import Sequence
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any, Literal

from dam.catalogue.cards import Card
from dam.catalogue.reading import Reader, open_reader
from dam.errors import BadFileError, EngineError, PolicyError
from dam.fingerprint.moments import Moment
from dam.fingerprint.sounds import Numbers
from dam.ingest.inspection import inspect_file
from dam.ingest.parts import Parts
from dam.ingest.pixels import thumb_key
from dam.model import Credentials, CredentialState, FingerprintCode, Inspection, Kind, Media, Problem
from dam.provenance import sentences
from dam.provenance.trust import TrustStore, load_store
from dam.service import alike
from dam.service.alike import Match
from dam.service.sidecars import Sidecars
from dam.settings import Settings

if TYPE_CHECKING:
    from dam.provenance.rubric import Report

DEEP_BUDGET_S = 8.0
CLIP_BUDGET_S = 60.0  # to look through a video that is asked for
VIEWED_MOMENTS = 240  # of a clip, that are also looked at mirrored and without a border
MAX_REASONS = 8  # sentences about codes; all codes stand in the verdict


@dataclass(frozen=True, slots=True)
class FoundMark:
    """Attribute names are the wire's (dam_schemas.answers.MarkOut)."""

    mark_id: str
    engine: str
    key_id: str
    verified: bool
    score: float
    p_false: float
    transform: dict[str, Any]
    asset_id: str | None
    agreement: float | None = None  # of the picture with the one that the mark was made for

    @property
    def lifted(self) -> bool:
        """Whether the mark stands on another picture than its own."""
        from dam.watermark.agreement import SAME_FROM

        return self.agreement is not None and self.agreement < SAME_FROM


@dataclass(frozen=True, slots=True)
class Verdict:
    path: str
    authentic: bool
    reasons: tuple[str, ...]
    sha256: str | None
    credentials: Credentials
    mark: FoundMark | None
    matches: tuple[Match, ...]
    problems: tuple[Problem, ...]
    rubric: "Report | None" = None
    ai_generated: bool | None = None
    digital_source_type: str | None = None


@dataclass(frozen=True, slots=True)
class Identity:
    path: str
    sha256: str | None
    asset: Card | None
    found_by: str | None
    score: float | None
    matches: tuple[Match, ...]
    conflicts: tuple[str, ...]
    problems: tuple[Problem, ...]


@dataclass(frozen=True, slots=True)
class _Look:
    """What the pixels of a file say: a mark, fingerprint codes, or why they could not be read."""

    mark: tuple[str, str, Any] | None = None  # key id, engine name, Detection
    codes: tuple[FingerprintCode, ...] = ()
    others: tuple[tuple[str, tuple[FingerprintCode, ...]], ...] = ()  # of the picture's other views, by name
    flat: bool = False
    agreement: float | None = None
    moments: tuple[Moment, ...] = ()  # of a video
    moments_otherwise: dict[str, list[Moment]] = field(default_factory=dict)  # in its other views, by name
    sound: Numbers | None = None  # of a sound
    problems: tuple[Problem, ...] = ()


ORDER = {"sha256": 0, "manifest": 1, "mark": 2, "fingerprint": 3, "clip": 4, "frame": 5, "sound": 6}


BY_SIDECAR = {
    "library": "The credential is a sidecar in this library, found by the file's SHA-256.",
    "beside": "The credential is a sidecar: the .c2pa file beside this one.",
}


class Answers:
    """`parts` is None where there is no library: then nothing is looked up and no trust list is asked."""

    def __init__(self, settings: Settings | None, parts: Parts | None) -> None:
        self._parts, self._settings = parts, settings
        self._sidecars = Sidecars(settings)
        self._max_bytes = int(settings.max_file_gib * 2**30) if settings else None
        self._max_pixels_mp = settings.max_pixels_mp if settings else 268.0

    def inspect(self, path: str, *, fingerprints: bool = False) -> Inspection:
        """What is in a file. Never raises for what the file is; see Inspection.problems."""
        import dataclasses

        store = self._trust()
        found = inspect_file(
            path, store, max_bytes=self._max_bytes, hidden_mp=self._max_pixels_mp, sidecars=self._sidecars.find
        )
        if fingerprints and found.media is not None:
            look = self._look(found, marks=None)
            found = dataclasses.replace(found, fingerprints=look.codes, problems=(*found.problems, *look.problems))
        return found

    def _trust(self) -> TrustStore | None:
        """The library's lists: they are files, so a library that is not open has them as well."""
        if self._parts is not None:
            return self._parts.trust
        known = self._settings is not None and self._settings.catalogue_path.exists()
        return load_store(self._settings.library) if self._settings is not None and known else None

    def verify(self, path: str, *, rubric: bool = False) -> Verdict:
        """Credential, mark and fingerprint verdict, offline. Authentic only with a trusted credential and no conflict.

        `rubric` also holds the credential against the conformance programme's rules; they do not move `authentic`.
        """
        found = self._read(path)
        look = self._look(found, marks="fast")
        matches = self._matches(found, look)
        mark = self._mark(look)
        reasons = [sentences.state(found.credentials)]
        if found.credentials.sidecar:
            reasons.append(BY_SIDECAR[found.credentials.sidecar])
        reasons += sentences.codes(found.credentials.codes)[:MAX_REASONS]
        reasons += sentences.flags(found.credentials)
        conflicts = _conflicts(matches, mark)
        reasons += conflicts
        if mark is not None and mark.asset_id is not None and not conflicts:
            reasons.append(f"An invisible mark of this library leads to asset {mark.asset_id}.")
        if self._parts is None:
            reasons.append("No library was open: no trust list and no registry was asked.")
        report = self._rubric(found) if rubric else None
        if rubric and report is None:
            reasons.append("The rubric was not applied: there is no credential that can be read.")
        authentic = found.credentials.state is CredentialState.TRUSTED and not conflicts
        return Verdict(
            path, authentic, tuple(dict.fromkeys(reasons)), found.sha256, found.credentials, mark, tuple(matches),
            (*found.problems, *look.problems), report, found.ai_generated, found.digital_source_type,
        )  # fmt: skip

    def _rubric(self, found: Inspection) -> "Report | None":
        from dam.provenance import rubric, sdk

        if found.media is None or found.credentials.state in (CredentialState.NONE, CredentialState.UNREADABLE):
            return None
        try:
            beside = (
                self._sidecars.find(found.path, found.sha256) if found.credentials.sidecar and found.sha256 else None
            )
            if beside is not None:
                with sdk.Beside(found.path, beside[0]) as stream:
                    return rubric.judge_stream(stream, found.media.mime, self._trust())
            return rubric.judge(found.path, found.media.mime, self._parts.trust if self._parts else None)
        except BadFileError:  # gone since it was read
            return None

    def identify(self, path: str) -> Identity:
        """Which asset of ours is this file: by exact bytes, manifest, mark (fast, then deep) or fingerprint."""
        if self._parts is None:
            raise PolicyError("Identifying needs a library.", next_step="Name one: --library DIR", code="library.none")
        found = self._read(path)
        look = self._look(found, marks="fast")
        matches = self._matches(found, look)
        if not matches and found.media is not None and found.media.kind is Kind.IMAGE:
            look = self._look(found, marks="deep")
            matches = self._matches(found, look)
        best = matches[0] if matches else None
        card = None
        if best is not None:
            with open_reader(self._parts.catalogue.path) as reader:
                card = next(iter(reader.cards([best.asset_id])), None)
        return Identity(
            path, found.sha256, card, best.found_by if best else None, best.score if best else None, tuple(matches),
            tuple(_conflicts(matches, self._mark(look))), (*found.problems, *look.problems),
        )  # fmt: skip

    # -- evidence

    def _read(self, path: str) -> Inspection:
        """What carriers say, without the pass over pixels: who made a file is no evidence of whose it is."""
        return inspect_file(
            path, self._parts.trust if self._parts else None, max_bytes=self._max_bytes, sidecars=self._sidecars.find
        )

    def _look(self, found: Inspection, *, marks: Literal["fast", "deep"] | None) -> _Look:
        """Decode once; detect marks with the given effort (None = none) and compute fingerprints."""
        from dam.fingerprint.compute import compute_all
        from dam.fingerprint.contract import is_flat
        from dam.fingerprint.views import views
        from dam.media import pixels
        from dam.watermark.detect import detect_all

        if found.media is None or found.media.kind not in (Kind.IMAGE, Kind.VIDEO, Kind.AUDIO):
            return _Look()
        if found.media.kind is Kind.AUDIO:
            return self._listen(found.path, found.media) if marks is not None else _Look()
        if found.media.kind is Kind.VIDEO:
            return self._look_through(found.path, found.media) if marks is not None else _Look()
        try:
            decoded = pixels.decode(found.path, found.media, max_pixels_mp=self._max_pixels_mp)
            luma = pixels.render(decoded).luma
        except BadFileError as error:
            return _Look(problems=(Problem(error.code, error.message),))
        mark = None
        if marks is not None and self._parts is not None:
            keys = [(key.key_id, key.secret) for key in self._parts.mark_keys]
            mark = detect_all(decoded.rgb, keys, effort=marks, budget_s=DEEP_BUDGET_S)
        agreement = self._agreement(decoded.rgb, mark[2]) if mark is not None else None
        others = tuple((name, compute_all(view)) for name, view in views(luma)[1:]) if marks is not None else ()
        return _Look(mark, compute_all(luma), others, is_flat(luma), agreement)

    def _look_through(self, path: str, media: Media) -> _Look:
        """One walk through a video: its moments, and a mark in all its frames together."""
        from dam.fingerprint.moments import OtherViews
        from dam.fingerprint.views import views
        from dam.ingest.moments import look_through
        from dam.watermark.detect import Folds

        folds, otherwise = Folds(), OtherViews(lambda luma: views(luma)[1:], VIEWED_MOMENTS)
        try:
            found = look_through(
                path, media, max_pixels_mp=self._max_pixels_mp, budget_s=CLIP_BUDGET_S, fold=folds,
                kept=otherwise.kept,
            )  # fmt: skip
        except BadFileError as error:
            return _Look(problems=(Problem(error.code, error.message),))
        keys = [(key.key_id, key.secret) for key in self._parts.mark_keys] if self._parts is not None else []
        mark = folds.detect_all(keys, budget_s=DEEP_BUDGET_S)
        return _Look(mark, moments=tuple(found), moments_otherwise=otherwise.of(found))

    def _listen(self, path: str, media: Media) -> _Look:
        """A mark in the sound, and the numbers by which it is recognised; where there is no fpcalc, the mark alone."""
        from dam.ingest.sounds import hear, listen
        from dam.watermark.detect import detect_sound

        keys = [(key.key_id, key.secret) for key in self._parts.mark_keys] if self._parts is not None else []
        mark = None
        try:
            mark = detect_sound(hear(path, media), keys)
            return _Look(mark, sound=listen(path, media))
        except (BadFileError, PolicyError, EngineError) as error:
            return _Look(mark, problems=(Problem(error.code, error.message),))

    def _agreement(self, rgb: Any, seen: Any) -> float | None:
        """How well a marked picture agrees with the one that the registry has for its mark: a mark can be lifted."""
        from dam.watermark.agreement import agreement

        assert self._parts is not None
        with open_reader(self._parts.catalogue.path) as reader:
            sha256 = reader.one(
                "SELECT a.sha256 FROM mark m JOIN asset a ON a.id = m.asset_id WHERE m.mark_id = ?",
                f"{seen.mark_id:016x}",
            )
        if sha256 is None or not self._parts.storage.exists(thumb_key(sha256, 1024)):
            return None
        return agreement(rgb, seen.transform, self._parts.storage.get(thumb_key(sha256, 1024)))

    def _mark(self, look: _Look) -> FoundMark | None:
        if look.mark is None or self._parts is None:
            return None
        import dataclasses

        key_id, engine, seen = look.mark
        mark_id = f"{seen.mark_id:016x}"
        with open_reader(self._parts.catalogue.path) as reader:
            asset_id = reader.one("SELECT asset_id FROM mark WHERE mark_id = ?", mark_id)
        return FoundMark(
            mark_id,
            engine,
            key_id,
            seen.verified,
            float(seen.score),
            float(seen.p_false),
            dataclasses.asdict(seen.transform),
            asset_id,
            None if look.agreement is None else round(look.agreement, 3),
        )

    def _matches(self, found: Inspection, look: _Look) -> list[Match]:
        if self._parts is None:
            return []
        matches: list[Match] = []
        with open_reader(self._parts.catalogue.path) as reader:
            matches += _by_bytes(reader, found.sha256)
            matches += _by_manifest(reader, found.credentials)
        mark = self._mark(look)
        if mark is not None and mark.asset_id is not None and not mark.lifted:
            detail = {"mark_id": mark.mark_id, "p_false": mark.p_false, "transform": mark.transform}
            detail["agreement"] = mark.agreement
            matches.append(Match(mark.asset_id, "mark", 1.0 - mark.p_false, detail))
        if look.codes and not look.flat:
            views = (("as it is", look.codes), *look.others)
            matches += [*alike.by_fingerprint(self._parts, views), *alike.by_frame(self._parts, views)]
        matches += alike.by_clip(self._parts, look.moments, look.moments_otherwise)
        matches += alike.by_sound(self._parts, look.sound)
        return sorted(matches, key=lambda m: (ORDER[m.found_by], -m.score, m.asset_id))


def _by_bytes(reader: Reader, sha256: str | None) -> list[Match]:
    if sha256 is None:
        return []
    own = reader.one("SELECT id FROM asset WHERE sha256 = ?", sha256)
    if own:
        return [Match(own, "sha256", 1.0, {"as": "original"})]
    copy = reader.rows("SELECT asset_id, kind FROM copy WHERE sha256 = ? ORDER BY kind DESC LIMIT 1", sha256)
    names = {"sidecar": "manifest store", "labelled": "labelled copy"}
    return [Match(one["asset_id"], "sha256", 1.0, {"as": names.get(one["kind"], "protected copy")}) for one in copy]


def _by_manifest(reader: Reader, credentials: Credentials) -> list[Match]:
    """By the labels of the manifests that the file carries; a manifest whose binding fails is only a hint."""
    sound = credentials.state in (CredentialState.TRUSTED, CredentialState.UNTRUSTED_SIGNER)
    found: dict[str, Match] = {}
    for label in credentials.manifest_labels[:64]:
        for sql in (
            "SELECT asset_id FROM copy WHERE manifest_label = ?",
            "SELECT asset_id FROM manifest WHERE label = ?",
        ):
            asset_id = reader.one(sql, label)
            if asset_id:
                found.setdefault(asset_id, Match(asset_id, "manifest", 1.0 if sound else 0.5, {"label": label}))
    return list(found.values())


def _conflicts(matches: Sequence[Match], mark: FoundMark | None) -> list[str]:
    """What does not fit together: a mark of one asset on the picture of another is never a match."""
    conflicts = []
    if mark is not None and mark.lifted:
        conflicts.append(
            f"The mark is that of asset {mark.asset_id}, but the picture is not (agreement {mark.agreement:.2f}): a mark "
            "can be lifted onto another picture."
        )
    pictured = {m.asset_id for m in matches if m.found_by in ("sha256", "manifest", "fingerprint")}
    if mark is not None and mark.asset_id is None:
        conflicts.append(
            f"The mark {mark.mark_id} was made with this library's key, but the registry does not hold it."
        )
    if mark is not None and mark.asset_id is not None and pictured and mark.asset_id not in pictured:
        conflicts.append(
            f"The mark is that of asset {mark.asset_id}, but the picture is that of {', '.join(sorted(pictured))}."
        )
    return conflicts
