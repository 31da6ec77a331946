"""A library on disk: made once, opened by every door."""

import contextlib
import os
import secrets
import time
import uuid
from collections.abc import Iterator
from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import Path

from dam.catalogue import library as library_rows
from dam.catalogue.unit import Catalogue
from dam.errors import NotFoundError, UsageError
from dam.ingest import judge
from dam.ingest.clustering import Clustering
from dam.ingest.near import IsccTable, MomentTable, NearTable, SoundTable
from dam.ingest.parts import Parts
from dam.ingest.workers import release_dead
from dam.provenance import keys, trust
from dam.provenance.live import Live
from dam.provenance.means import SigningMeans, Supplied
from dam.provenance.stamping import Stamping
from dam.provenance.timestamps import Responder
from dam.service.allocator import share_heaps
from dam.service.answers import Answers
from dam.service.bindings import Bindings
from dam.service.cast import Cast
from dam.service.collections import Collections
from dam.service.copies import Copies
from dam.service.cuts import Cuts
from dam.service.evidence import Evidence
from dam.service.finding import Finder
from dam.service.keys import Keys, ensure_stamps
from dam.service.marking import Marking
from dam.service.passes import Passes
from dam.service.renditions import Renditions
from dam.service.reviewing import Reviews
from dam.service.roots import Roots
from dam.service.stacks import Stacks
from dam.service.trust import Trust
from dam.service.upkeep import Upkeep
from dam.service.watching import Watching
from dam.settings import Settings
from dam.storage.local import LocalStorage, explain, write_atomic

CONFIG_NAME = "dam.toml"
CONFIG = """\
# Headwater: this library's settings. Every one has an environment name too: settle_s is DAM_SETTLE_S.
# protect = "ai"        # which pictures get a marked and signed copy: none, ai, all
# timestamps = "required"  # or "preferred", "off"; tsa_url names an authority other than this library's own
# settle_s = 2.0        # how long a file must stay unchanged before it is read
# port = 8340
"""


def utc_now() -> datetime:
    return datetime.now(UTC)


def new_id() -> str:
    """A UUIDv7 (RFC 9562 §5.7): 48 bits of Unix milliseconds, then random; sorts by time."""
    value = (time.time_ns() // 1_000_000) << 80 | secrets.randbits(80)
    value = value & ~(0xF << 76) | 0x7 << 76
    return str(uuid.UUID(int=value & ~(0x3 << 62) | 0x2 << 62))


@dataclass(frozen=True, slots=True)
class Service:
    """Every use case of one open library, by noun."""

    parts: Parts
    find: Finder
    roots: Roots
    passes: Passes
    watching: Watching
    answers: Answers
    reviews: Reviews
    stacks: Stacks
    cuts: Cuts
    copies: Copies
    evidence: Evidence
    renditions: Renditions
    upkeep: Upkeep
    trust: Trust
    keys: Keys
    bindings: Bindings
    marking: Marking
    cast: Cast
    collections: Collections


def create_library(settings: Settings) -> None:
    """Fill a library whose tables exist (dam_migrations.upgrade): its row, keys, trust anchors and dam.toml.

    Safe to run again: what is there stays.

    Raises:
        SignerUnavailableError: a signer was supplied and cannot be used; nothing was written.
    """
    check_supplied(settings)
    library_rows.ensure_row(settings.catalogue_path, new_id, utc_now)
    folder = settings.library / "keys"
    try:
        ring = keys.load_ring(folder)
    except NotFoundError:
        ring = keys.create_chain(folder, settings.organisation, now=utc_now())
    keys.mark_key(folder)
    anchors = settings.library / "trust" / "organisation.pem"
    if not anchors.exists():
        write_atomic(anchors, ring.root_pem.encode())
    ensure_stamps(settings.library, utc_now())
    config = settings.library / CONFIG_NAME
    if not config.exists():
        write_atomic(config, CONFIG.encode())


def supplied_by(settings: Settings) -> Supplied | None:
    """The signing identity that the settings name, if they do.

    Raises:
        UsageError: a chain without its key, or a key without its chain.
    """
    chain, key, pin = settings.signing_chain, settings.signing_key, settings.pkcs11_pin
    if chain is None and key is None:
        return None
    if chain is None or key is None:
        raise UsageError(
            "signing_chain and signing_key go together.", next_step="Set both, or neither.", code="signer.incomplete"
        )
    return Supplied(chain, key, pin.get_secret_value() if pin else None)


def check_supplied(settings: Settings) -> None:
    """Say what is wrong with a supplied signer before anything is written.

    Raises:
        UsageError: half of it is missing. SignerUnavailableError: it cannot be used.
    """
    supplied = supplied_by(settings)
    if supplied is not None:
        supplied.close(supplied.load(utc_now()))


def _means(settings: Settings, ring: Live[keys.KeyRing], lists: Live[trust.TrustStore]) -> SigningMeans:
    stamping = Stamping(
        responder=lambda: Responder.of_ring(ring.get(), utc_now),
        anchors=lambda: [one.pem for one in lists.get().lists()],
        clock=utc_now,
        mode=settings.timestamps,
        url=settings.tsa_url,
    )
    return SigningMeans(ring=ring.get, stamping=stamping, clock=utc_now, supplied=supplied_by(settings))


def use_weights(settings: Settings) -> None:
    """The engine of this process takes the weights of the library that was opened last."""
    from dam.watermark.engines import trustmark

    folder, pinned = settings.trustmark_weights, settings.trustmark_sha256
    digests = (pinned[:64], pinned[65:]) if pinned else None
    trustmark.PLUGIN.use(trustmark.Weights(folder, settings.trustmark_model, digests) if folder else None)


def wire(settings: Settings) -> Parts:
    """Open everything the stages work with."""
    use_weights(settings)
    folder = settings.library / "keys"
    catalogue = Catalogue(settings, clock=utc_now, new_id=new_id)  # first: it says that there is no library
    ring = Live(lambda: keys.load_ring(folder), [folder / keys.RING])
    keys.mark_key(folder)
    marks = Live(lambda: keys.load_mark_keys(folder), [folder, folder / keys.RING])
    lists = Live(lambda: trust.load_store(settings.library), trust.list_paths(settings.library))
    return Parts(
        settings=settings,
        catalogue=catalogue,
        storage=LocalStorage(settings.library / "vault"),
        live_ring=ring,
        live_marks=marks,
        live_trust=lists,
        means=_means(settings, ring, lists),
        near=NearTable(),
        moments=MomentTable(),
        iscc=IsccTable(),
        sounds=SoundTable(),
        clustering=Clustering(),
        clock=utc_now,
        wall=time.time,
    )


@contextlib.contextmanager
def open_service(settings: Settings) -> Iterator[Service]:
    """The library at `settings.library`, ready for work; what a killed process left running is due again."""
    if settings.catalogue_path.exists() and not (settings.library / CONFIG_NAME).exists():
        create_library(settings)  # a killed `init` left it half made: dam.toml comes last
    if settings.catalogue_path.exists():
        ensure_stamps(settings.library, utc_now())
    share_heaps()
    parts = wire(settings)
    release_dead(parts)
    judge.ask_quietly(parts)
    try:
        passes, answers = Passes(parts), Answers(settings, parts)
        find = Finder(settings, followed=lambda: passes.followed)
        yield Service(
            parts=parts,
            find=find,
            roots=Roots(parts),
            passes=passes,
            watching=Watching(parts, passes),
            answers=answers,
            reviews=Reviews(parts),
            stacks=Stacks(parts, find),
            cuts=Cuts(settings, find),
            copies=Copies(parts, find),
            evidence=Evidence(parts, find),
            renditions=Renditions(parts, find),
            upkeep=Upkeep(parts),
            trust=Trust(parts),
            keys=Keys(parts),
            bindings=Bindings(parts, answers),
            cast=Cast(parts),
            collections=Collections(parts, find),
            marking=Marking(
                lambda: [(one.key_id, one.secret) for one in parts.mark_keys], max_pixels_mp=settings.max_pixels_mp
            ),
        )
    finally:
        parts.means.close()
        parts.catalogue.close()


def protect_folder(path: Path) -> None:
    """Make the library's folder, readable for its owner only (it holds private keys).

    Raises:
        StorageError: it cannot be made.
    """
    try:
        path.mkdir(parents=True, exist_ok=True)
    except OSError as error:
        raise explain(error, path) from error
    with contextlib.suppress(PermissionError):
        os.chmod(path, 0o700)
