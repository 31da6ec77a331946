"""The tables. Names are the field's (docs/architecture.md); times are UTC as ISO 8601 text in `*_at` columns.

Ids are UUIDv7 text: sortable by time and the same on every database. Paths are bytes-safe text (media.paths).
Seeds are text: they reach 2^64-1 and no SQL integer does.
"""

from typing import Any

import sqlalchemy as sa
from sqlmodel import Field, SQLModel

NAMING = {
    "ix": "ix_%(table_name)s_%(column_0_N_name)s",
    "uq": "uq_%(table_name)s_%(column_0_N_name)s",
    "fk": "fk_%(table_name)s_%(column_0_name)s",
    "pk": "pk_%(table_name)s",
}
SQLModel.metadata.naming_convention = NAMING


class LibraryRow(SQLModel, table=True):
    """One row: this installation."""

    __tablename__ = "library"
    id: str = Field(primary_key=True)
    created_at: str


class RootRow(SQLModel, table=True):
    """A watched folder tree. `state`: online, offline or guarded (too much seemed missing; a person must look).

    `watch_mode` events or polling, None = by the file system; `drive_id` is mounts.drive_id at the last pass; `marker`:
    its drive carries a marker file; `full_scan_at`, `full_scan_s`: the last pass that looked at every file.
    """

    __tablename__ = "root"
    id: str = Field(primary_key=True)
    name: str = Field(unique=True)
    path: str = Field(unique=True)
    protect: str | None = None  # none, ai, all; None = the library's setting
    protect_mode: str | None = None  # copy, sidecar, in_place; None = copy
    state: str = "online"
    state_reason: str | None = None
    added_at: str
    last_scan_at: str | None = None
    watch_mode: str | None = None
    file_system: str | None = None
    drive_id: str | None = None
    marker: bool = Field(default=False, sa_column_kwargs={"server_default": sa.false()})
    full_scan_at: str | None = None
    full_scan_s: float | None = None
    template: str | None = None  # how paths below it name projects, scenes, shots and characters


class FolderRow(SQLModel, table=True):
    """A folder as the last pass that found nothing new in it saw it: a cache, and any row may be deleted.

    `digest` is watch.walk's, of names and stats; while it agrees, what the catalogue knows of the folder holds.
    `listed_at` is Unix time.
    """

    __tablename__ = "folder"
    root_id: str = Field(primary_key=True, foreign_key="root.id")
    path: str = Field(primary_key=True)
    mtime_ns: int = Field(sa_type=sa.BigInteger)
    digest: bytes = Field(sa_type=sa.LargeBinary)
    files: int
    ignored: int
    listed_at: float


class AssetRow(SQLModel, table=True):
    """One content. The state columns are kept by the service in the same transaction as what they sum up."""

    __tablename__ = "asset"
    __table_args__ = (sa.Index("ix_asset_counted", "kind", "review_status", "credential_state"),)
    id: str = Field(primary_key=True)
    sha256: str = Field(unique=True)
    size_bytes: int = Field(sa_type=sa.BigInteger)
    kind: str = Field(index=True)
    mime: str
    width_px: int | None = None
    height_px: int | None = None
    duration_s: float | None = None
    frame_count: int | None = None
    title: str
    created_at: str
    admitted_at: str = Field(index=True)
    ai_generated: bool | None = None
    digital_source_type: str | None = None
    review_status: str = "unreviewed"
    credential_state: str = "none"
    credential_tier: str | None = None
    decoded: bool = False
    protected: bool = False


class LocationRow(SQLModel, table=True):
    """A path where an asset was seen; unchanged while (path, size, mtime_ns, inode) agree.

    `unverified`: it was renamed, and its contents are taken for the same by its stat until they are read again.
    """

    __tablename__ = "location"
    __table_args__ = (
        sa.UniqueConstraint("root_id", "path"),
        sa.Index("ix_location_inode", "inode", "size_bytes"),
        sa.Index("ix_location_counted", "root_id", "availability"),
        sa.Index("ix_location_unverified", "id", sqlite_where=sa.text("unverified = 1")),
    )
    id: str = Field(primary_key=True)
    asset_id: str = Field(foreign_key="asset.id", index=True)
    root_id: str = Field(foreign_key="root.id")
    path: str
    name_key: str = Field(index=True)
    size_bytes: int = Field(sa_type=sa.BigInteger)
    mtime_ns: int = Field(sa_type=sa.BigInteger)
    inode: str
    first_seen_at: str
    last_seen_at: str
    availability: str = "online"
    copy_sha256: str | None = (
        None  # the signed copy that stands there in the original's place; None = the asset's own bytes
    )
    unverified: bool = Field(default=False, sa_column_kwargs={"server_default": sa.false()})


class FormerLocationRow(SQLModel, table=True):
    """Where an asset stood until another content was saved over it: others may still name it as their source.

    The root may be gone.
    """

    __tablename__ = "former_location"
    asset_id: str = Field(primary_key=True, foreign_key="asset.id")
    root_id: str = Field(primary_key=True)
    path: str = Field(primary_key=True)
    name_key: str = Field(index=True)


class IntakeRow(SQLModel, table=True):
    """A file that is seen but not (yet) an asset: waiting to settle, due, retried or quarantined with a reason."""

    __tablename__ = "intake"
    __table_args__ = (
        sa.UniqueConstraint("root_id", "path"),
        sa.Index("ix_intake_state_root_id", "state", "root_id"),
        sa.Index("ix_intake_crashes", "crashes", sqlite_where=sa.text("crashes > 0")),
    )
    id: str = Field(primary_key=True)
    root_id: str = Field(foreign_key="root.id")
    path: str
    size_bytes: int = Field(sa_type=sa.BigInteger)
    mtime_ns: int = Field(sa_type=sa.BigInteger)
    inode: str = Field(index=True)
    state: str = "due"  # due, running, quarantined
    worker: str | None = None
    code: str | None = None
    message: str | None = None
    tries: int = 0
    crashes: int = Field(default=0, sa_column_kwargs={"server_default": "0"})  # deaths of workers that had it in hand
    not_before: float = 0.0
    seen_at: str


class CarrierPackRow(SQLModel, table=True):
    """Everything textual that was found in an asset's bytes, so that it can be read again without them.

    `packed` is metadata.keep's value; `carriers` of them there are, `unread` of those no reader claimed.
    """

    __tablename__ = "carrier_pack"
    asset_id: str = Field(primary_key=True, foreign_key="asset.id")
    carriers: int
    unread: int
    packed: bytes = Field(sa_type=sa.LargeBinary)


class ClaimRow(SQLModel, table=True):
    """One carrier's statement. Its raw bytes stand in the asset's pack under the number `blob`; what stands nowhere there
    is in `raw`, zlib-compressed. `raw_bytes` is the true length before any cap.
    """

    __tablename__ = "claim"
    id: str = Field(primary_key=True)
    asset_id: str = Field(foreign_key="asset.id", index=True)
    carrier: str
    reader: str
    reader_version: str
    blob: int | None = None
    raw: bytes | None = Field(default=None, sa_type=sa.LargeBinary)
    raw_bytes: int = Field(sa_type=sa.BigInteger)
    fields: dict[str, Any] = Field(sa_type=sa.JSON)
    confidence: float


class GenerationRow(SQLModel, table=True):
    """The merged answer of an asset's claims. `detail` holds loras, inputs and stages."""

    __tablename__ = "generation"
    asset_id: str = Field(primary_key=True, foreign_key="asset.id")
    tool: str | None = Field(default=None, index=True)
    tool_version: str | None = None
    model: str | None = Field(default=None, index=True)
    model_hash: str | None = None
    prompt: str | None = None
    negative_prompt: str | None = None
    seed: str | None = Field(default=None, index=True)
    steps: int | None = None
    sampler: str | None = None
    scheduler: str | None = None
    cfg_scale: float | None = None
    width: int | None = None
    height: int | None = None
    detail: dict[str, Any] = Field(sa_type=sa.JSON)


class CutRow(SQLModel, table=True):
    """A timeline: what an edit uses, as its reader found it."""

    __tablename__ = "cut"
    asset_id: str = Field(primary_key=True, foreign_key="asset.id")
    name: str | None = None
    rate: float | None = None
    duration_s: float | None = None
    tool: str | None = None
    reader: str
    reader_version: str
    clip_count: int
    sequences: list[str] = Field(sa_type=sa.JSON)


class CutClipRow(SQLModel, table=True):
    """One clip of a timeline, in the order of the file. Which asset it is stands in `edge`."""

    __tablename__ = "cut_clip"
    asset_id: str = Field(primary_key=True, foreign_key="asset.id")
    position: int = Field(primary_key=True)
    name: str | None = None
    media: str | None = None
    start_s: float | None = None
    duration_s: float | None = None
    track: str | None = None
    source_start_s: float | None = None
    kind: str | None = None
    sequence: str | None = None
    reel: str | None = None
    sha256: str | None = None
    others: list[str] = Field(sa_type=sa.JSON)


class ReferenceRow(SQLModel, table=True):
    """A file that an asset names as its source (input, C2PA ingredient, XMP, clip), kept until, and after, it is found."""

    __tablename__ = "source_reference"
    id: str = Field(primary_key=True)
    child_id: str = Field(foreign_key="asset.id", index=True)
    kind: str  # input, ingredient, copy, source_file, clip
    name: str | None = None
    name_key: str | None = Field(default=None, index=True)
    sha256: str | None = Field(default=None, index=True)
    manifest_label: str | None = Field(default=None, index=True)
    role: str | None = None


class DocumentRow(SQLModel, table=True):
    """An id from an asset's XMP: its own (document, instance), or one that it names as its source or earlier save.

    Kinds: document, instance; from_document, from_instance, ingredient_document, ingredient_instance, ancestor, history.
    Rows of one `position` belong together; the history counts upwards, oldest first.
    """

    __tablename__ = "document_id"
    __table_args__ = (sa.Index("ix_document_id_value_kind", "value", "kind"),)
    id: str = Field(primary_key=True)
    asset_id: str = Field(foreign_key="asset.id", index=True)
    kind: str
    value: str
    position: int = 0


class EdgeRow(SQLModel, table=True):
    """parent → child with its evidence; the same pair may stand on several kinds of evidence."""

    __tablename__ = "edge"
    __table_args__ = (sa.UniqueConstraint("parent_id", "child_id", "relation", "evidence"),)
    id: str = Field(primary_key=True)
    parent_id: str = Field(foreign_key="asset.id", index=True)
    child_id: str = Field(foreign_key="asset.id", index=True)
    relation: str
    evidence: str
    confidence: float
    detail: dict[str, Any] = Field(sa_type=sa.JSON)
    asserted_by: str
    asserted_at: str


class ManifestRow(SQLModel, table=True):
    """A verdict on the manifest store of an asset's bytes, with what it was judged by."""

    __tablename__ = "manifest"
    asset_id: str = Field(primary_key=True, foreign_key="asset.id")
    label: str | None = Field(default=None, index=True)
    state: str
    tier: str | None = None
    detail: dict[str, Any] = Field(sa_type=sa.JSON)
    trust_list: str | None = None
    sdk_version: str | None = None
    checked_at: str
    judged_by: str | None = Field(default=None, index=True)


class CopyVerdictRow(SQLModel, table=True):
    """A verdict on the contents of a copy in the vault, by their SHA-256."""

    __tablename__ = "copy_verdict"
    sha256: str = Field(primary_key=True)
    state: str
    tier: str | None = None
    detail: dict[str, Any] = Field(sa_type=sa.JSON)
    judged_by: str | None = Field(default=None, index=True)
    checked_at: str


class CopyRow(SQLModel, table=True):
    """A rendition that we made and keep in the vault."""

    __tablename__ = "copy"
    __table_args__ = (sa.UniqueConstraint("asset_id", "kind", "recipe"),)
    id: str = Field(primary_key=True)
    asset_id: str = Field(foreign_key="asset.id")
    kind: str  # protected, labelled, sidecar (a manifest store), original (kept before a copy took its place)
    recipe: str
    sha256: str = Field(index=True)
    size_bytes: int = Field(sa_type=sa.BigInteger)
    mime: str
    storage_key: str
    manifest_label: str | None = Field(default=None, index=True)
    made_at: str


class PlacementRow(SQLModel, table=True):
    """A signed copy that stands (or will, or stood) on a drive in its original's place: see catalogue.placements."""

    __tablename__ = "placement"
    __table_args__ = (sa.UniqueConstraint("asset_id", "root_id", "path"),)
    id: str = Field(primary_key=True)
    asset_id: str = Field(foreign_key="asset.id")
    root_id: str
    path: str
    sha256: str = Field(index=True)
    temp: str
    state: str  # planned, placed, undone
    changed_at: str


class MarkRow(SQLModel, table=True):
    """The registry of marks: a mark id leads to the asset whose copy carries it."""

    __tablename__ = "mark"
    mark_id: str = Field(primary_key=True)
    asset_id: str = Field(foreign_key="asset.id", index=True)
    copy_id: str | None = Field(default=None, foreign_key="copy.id")
    engine: str
    key_id: str
    psnr_db: float | None = None
    survived: dict[str, Any] = Field(sa_type=sa.JSON)


class DecisionRow(SQLModel, table=True):
    """A person's entry. Bound to the asset, so to the content: it never follows a path."""

    __tablename__ = "decision"
    id: str = Field(primary_key=True)
    asset_id: str = Field(foreign_key="asset.id", index=True)
    verdict: str
    reason: str | None = None
    person: str
    decided_at: str


class JobRow(SQLModel, table=True):
    """The stage table: what is not done is due. Keyed (asset, stage); `version` is the stage version it asks for.

    `code` and `message` say why a stage was skipped or failed (quarantined).
    """

    __tablename__ = "job"
    __table_args__ = (
        sa.UniqueConstraint("asset_id", "stage"),
        sa.Index("ix_job_state_not_before", "state", "not_before"),
        sa.Index("ix_job_state_code", "state", "code"),
        sa.Index("ix_job_crashes", "crashes", sqlite_where=sa.text("crashes > 0")),
    )
    id: str = Field(primary_key=True)
    asset_id: str = Field(foreign_key="asset.id")
    stage: str
    version: str
    state: str = "due"  # due, running, done, skipped, failed
    tries: int = 0
    crashes: int = Field(default=0, sa_column_kwargs={"server_default": "0"})
    not_before: float = 0.0
    worker: str | None = None
    code: str | None = None
    message: str | None = None
    changed_at: str


class LeaseRow(SQLModel, table=True):
    """Until when (Unix time) a worker is known to live, whatever machine or container it runs on."""

    __tablename__ = "lease"
    worker: str = Field(primary_key=True)
    until: float


class AuditRow(SQLModel, table=True):
    """The ledger. `detail` is JSON text; the hash is over the entry's canonical form (audit.chain)."""

    __tablename__ = "audit_entry"
    seq: int = Field(primary_key=True, sa_type=sa.BigInteger, sa_column_kwargs={"autoincrement": False})
    at: str
    actor: str
    action: str
    subject: str = Field(index=True)
    detail: str
    hash: str


class OutboxRow(SQLModel, table=True):
    """What the search index has yet to follow; written in the change's own transaction."""

    __tablename__ = "outbox"
    __table_args__ = {"sqlite_autoincrement": True}
    seq: int | None = Field(default=None, primary_key=True)
    asset_id: str
