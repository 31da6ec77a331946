"""A signed copy in the place of its original, and back. Every step can be the last one of a killed process.

    1 the original's bytes lie in the vault, verified, synced      nothing has changed on the drive
    2 the catalogue knows the SHA-256 of what will appear, and the temp file's name
    3 the temp file is whole, beside the original                   a later run removes it
    4 the rename                                                    the next scan, or run, knows the bytes
    5 the catalogue knows that the copy stands there

The rename is made only while the original's size, mtime and inode are those that were catalogued. Mode, owner, extended
attributes and mtime of the original are kept (mtime grows by a second in the one case that sizes agree, so that tools
which compare both see a change).
"""

import contextlib
import hashlib
import os
import secrets
import stat
from dataclasses import dataclass
from pathlib import Path

from dam.catalogue import placements
from dam.catalogue.placements import Place
from dam.errors import ConflictError, DamError, NotFoundError, PolicyError, StorageError
from dam.ingest.parts import Parts
from dam.media.files import entry_at
from dam.media.hashing import sha256_file
from dam.media.paths import from_text
from dam.storage.local import explain, sync_folder
from dam.storage.volume import require_replaceable

_STEP_BYTES = 1 << 20
_TEMP = ".tmp-"  # never looked at by a walk


@dataclass(frozen=True, slots=True)
class Copy:
    """A protected copy by its bytes and where the vault keeps them."""

    sha256: str
    storage_key: str


def step(name: str) -> None:
    """A point between two steps, for tests that kill the process there."""


def place(parts: Parts, asset_id: str, copy: Copy) -> int:
    """Put the copy in the place of the asset's original, in every root that wants it. Returns in how many places.

    Raises:
        PolicyError: a place must not be written, with the reason; the others are done.
        StorageError: the vault or the drive is full.
    """
    with parts.catalogue.reader() as reader:
        wanted = [p for p in placements.places(reader.rows, asset_id) if p.mode == "in_place" and not p.copy_sha256]
        left = placements.leftovers(reader.rows, asset_id)
        sha256 = reader.one("SELECT sha256 FROM asset WHERE id = ?", asset_id)
    _clear(left)
    done, refused = 0, None
    for one in wanted:
        try:
            done += _place(parts, asset_id, sha256, one, copy)
        except PolicyError as error:
            refused = error
    if refused is not None:
        raise refused
    return done


def _place(parts: Parts, asset_id: str, sha256: str, there: Place, copy: Copy) -> bool:
    folder, path = from_text(there.folder), from_text(there.path)
    whole = os.path.join(folder, path)
    entry = entry_at(folder, path)
    if entry is None:
        return False  # moved or gone: the next scan tells, and asks again
    if entry.seen != there.seen:
        if sha256_file(whole) != copy.sha256:
            return False  # somebody's new bytes
        with parts.catalogue.change() as unit:  # our own rename, of a run that was killed behind it
            placements.placed(unit, asset_id, there, copy.sha256, entry.seen)
        return True
    _may_replace(whole)
    _keep(parts, asset_id, sha256, whole)
    step("kept")
    temp = f"{_TEMP}{secrets.token_hex(8)}"
    with parts.catalogue.change() as unit:
        placements.plan(unit, asset_id, there, copy.sha256, temp)
    step("planned")
    seen = _replace(parts.storage.path(copy.storage_key), copy.sha256, there, temp)
    step("renamed")
    with parts.catalogue.change() as unit:
        placements.placed(unit, asset_id, there, copy.sha256, seen)
    return True


def undo(parts: Parts, asset_id: str) -> list[str]:
    """Put an asset's original back wherever its copy stands. Returns the paths; nothing signs them again by itself.

    Raises:
        NotFoundError: its copy stands nowhere. ConflictError: the file there is not the copy any more.
        StorageError: the vault's original is damaged, or the drive cannot be written.
    """
    with parts.catalogue.reader() as reader:
        places = [p for p in placements.places(reader.rows, asset_id) if p.copy_sha256]
        left = placements.leftovers(reader.rows, asset_id)
        sha256 = reader.one("SELECT sha256 FROM asset WHERE id = ?", asset_id)
        key = reader.copy_key(asset_id, placements.ORIGINAL)
    if not places or key is None:
        raise NotFoundError("No signed copy stands in the place of this original.", code="restore.none")
    _clear(left)
    for there in places:
        whole = os.path.join(from_text(there.folder), from_text(there.path))
        if sha256_file(whole) != there.copy_sha256:
            raise ConflictError(
                f"{whole!a} is not the signed copy any more; it is left as it is.",
                next_step="Look at it, scan, and try again.",
                code="restore.changed",
            )
        _may_replace(whole)
    for there in places:
        temp = f"{_TEMP}{secrets.token_hex(8)}"
        with parts.catalogue.change() as unit:  # first: or a scan in between would ask for the copy again
            placements.undo(unit, asset_id, there, temp)
        step("undo planned")
        seen = _replace(parts.storage.path(key), sha256, there, temp)
        step("undo renamed")
        with parts.catalogue.change() as unit:
            placements.undone(unit, asset_id, there, seen)
    return [f"{p.folder}/{p.path}" for p in places]


def _clear(left: list[dict[str, str]]) -> None:
    """Remove temp files of runs that were killed."""
    for one in left:
        if one["temp"].startswith(_TEMP):
            folder = os.path.dirname(os.path.join(from_text(one["folder"]), from_text(one["path"])))
            with contextlib.suppress(OSError):
                os.unlink(os.path.join(folder, one["temp"]))


def _may_replace(path: str) -> None:
    require_replaceable(os.path.dirname(path))
    found = os.lstat(path)
    if not stat.S_ISREG(found.st_mode) or found.st_nlink > 1:
        raise PolicyError(
            f"{path!a} has other names (hard links), which would keep the unsigned bytes.",
            next_step="Use protect mode copy for this root.",
            code="protect.target_unsafe",
        )


def _keep(parts: Parts, asset_id: str, sha256: str, path: str) -> None:
    """The original's bytes into the vault, believed by a second reading."""
    key = f"originals/{sha256[:2]}/{sha256}.bin"
    kept = parts.storage.path(key)
    if not kept.exists() or sha256_file(os.fspath(kept)) != sha256:
        with parts.storage.writing(key) as (stream, temp):
            with open(path, "rb") as source:  # names stay as the system gave them
                while block := source.read(_STEP_BYTES):
                    stream.write(block)
            stream.flush()
            if sha256_file(os.fspath(temp)) != sha256:
                raise ConflictError(f"{path!a} changed while it was kept.", code="file.changing")
    values = {
        "sha256": sha256,
        "size_bytes": kept.stat().st_size,
        "mime": "application/octet-stream",
        "storage_key": key,
    }
    with parts.catalogue.change() as unit:
        placements.keep_original(unit, asset_id, values)


def _replace(source: Path, sha256: str, there: Place, temp: str) -> tuple[int, int, str]:
    """Put the bytes of `source` where `there` says, by a temp file of this name. Returns what stat says of them then."""
    folder, path = from_text(there.folder), from_text(there.path)
    whole = os.path.join(folder, path)
    aside = os.path.join(os.path.dirname(whole), temp)
    try:
        _write(source, sha256, aside, whole)
        step("written")
        entry = entry_at(folder, path)
        if entry is None or entry.seen != there.seen:
            raise ConflictError(
                f"{whole!a} changed while its copy was made; it is left as it is.", code="file.changing"
            )
        os.replace(aside, whole)
    except (OSError, DamError) as error:
        with contextlib.suppress(OSError):
            os.unlink(aside)
        if isinstance(error, OSError):
            raise _explained(error, whole) from error
        raise
    sync_folder(Path(os.path.dirname(whole)))
    after = entry_at(folder, path)
    if after is None:
        raise ConflictError(f"{whole!a} went away behind its copy.", code="file.changing")
    return after.seen


def _explained(error: OSError, path: str) -> DamError:
    ours = explain(error, Path(path))
    if ours.code != "storage.readonly":
        return ours
    return PolicyError(f"{path!a} cannot be replaced ({error.strerror}).", code="protect.target_readonly")


def _write(source: Path, sha256: str, aside: str, like_path: str) -> None:
    """A whole, synced temp file with the mode, owner, attributes and times of the file that it will replace."""
    digest, size, like = hashlib.sha256(), 0, os.lstat(like_path)
    handle = os.open(aside, os.O_WRONLY | os.O_CREAT | os.O_EXCL | os.O_CLOEXEC, 0o600)
    with os.fdopen(handle, "wb") as stream, source.open("rb") as original:
        while block := original.read(_STEP_BYTES):
            digest.update(block)
            size += stream.write(block)
        stream.flush()
        if digest.hexdigest() != sha256:
            raise StorageError(
                f"{source} in the vault is damaged.", next_step="Run: dam doctor", code="storage.damaged"
            )
        if (like.st_uid, like.st_gid) != (os.fstat(stream.fileno()).st_uid, os.fstat(stream.fileno()).st_gid):
            os.fchown(stream.fileno(), like.st_uid, like.st_gid)  # refused: the file keeps its owner and its bytes
        _copy_attributes(like_path, stream.fileno())
        os.fchmod(stream.fileno(), stat.S_IMODE(like.st_mode))
        os.utime(stream.fileno(), ns=(like.st_atime_ns, like.st_mtime_ns + (10**9 if size == like.st_size else 0)))
        os.fsync(stream.fileno())


def _copy_attributes(path: str, handle: int) -> None:
    """Extended attributes (tags, access lists), as far as the file system and our rights allow."""
    if not hasattr(os, "listxattr"):
        return
    with contextlib.suppress(OSError):
        for name in os.listxattr(path, follow_symlinks=False):
            with contextlib.suppress(OSError):
                os.setxattr(handle, name, os.getxattr(path, name, follow_symlinks=False))
