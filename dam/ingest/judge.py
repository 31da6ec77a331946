"""JUDGE: credentials judged again, because a trust list, the C2PA library or our own verdicts have changed.

What a verdict was made by is stored with it (`verdict.key`); whatever was made by something else is due. The stage runs
over the asset's file when its drive is there; its protected and labelled copies lie in the vault and need none.
"""

import logging

from dam.catalogue import assets, derived, verdicts, work
from dam.catalogue.unit import Unit
from dam.catalogue.verdicts import JUDGE, JUDGE_COPIES
from dam.catalogue.work import Job
from dam.errors import BusyError, StorageError
from dam.ingest import rederive, relate
from dam.ingest.inspection import credentials_of
from dam.ingest.parts import Parts
from dam.media.probe import probe
from dam.model import Credentials
from dam.provenance import verdict

log = logging.getLogger(__name__)
ACTION = "credential.rejudged"


def key(parts: Parts) -> str:
    """What verdicts are made by today."""
    return verdict.key(parts.trust)


def ask(parts: Parts) -> int:
    """Make due whatever was judged by something else. Returns how many stages; 0 costs two look-ups and no lock."""
    wanted, count = key(parts), 0
    for stage in (JUDGE, JUDGE_COPIES):
        while True:
            with parts.catalogue.reader() as reader:
                ids = verdicts.stale(reader.rows, stage, wanted)
            if not ids:
                break
            with parts.catalogue.change() as unit:
                verdicts.ask(unit, ids, stage, wanted)
            count += len(ids)
    return count


def ask_quietly(parts: Parts) -> None:
    """`ask`, for when a library opens: one that is busy or cannot be written is asked the next time."""
    try:
        ask(parts)
    except (BusyError, StorageError) as error:
        log.info("judging again waits: %s", error)


def run(parts: Parts, job: Job, path: str) -> None:
    """Judge the file at `path` (checked to hold the asset's bytes) and record what is different.

    Raises:
        UnreadableError: it cannot be opened.
    """
    new = credentials_of(path, probe(path), parts.trust)
    with parts.catalogue.change() as unit:
        before = verdicts.of_asset(unit, job.asset_id)
        assets.set_manifest(unit, job.asset_id, new)
        change = _change(before, new)
        if change:
            verdicts.set_on_asset(unit, job.asset_id, new)
            unit.audit(ACTION, job.asset_id, _detail(job.sha256, before, new))
        _follow(parts, unit, job.asset_id, changed=bool(change))
        work.job_ended(unit, job.id, "done", message=change)


def run_copies(parts: Parts, job: Job, _path: str) -> None:
    """Judge the asset's copies in the vault."""
    with parts.catalogue.reader() as reader:
        copies = verdicts.copies_of(reader.rows, job.asset_id)
    found = []
    for copy in copies:
        if parts.storage.exists(copy["storage_key"]):  # a lost one is `dam doctor`'s to tell
            file = str(parts.storage.path(copy["storage_key"]))
            found.append((copy, verdict.judge(file, copy["mime"], parts.trust)))
    changes = []
    with parts.catalogue.change() as unit:
        for copy, new in found:
            verdicts.put_copy(unit, copy["sha256"], new)
            before = (copy["state"], copy["tier"])
            change = _change(before, new) if copy["state"] else None
            if change:
                unit.audit(ACTION, job.asset_id, {"copy": True} | _detail(copy["sha256"], before, new))
                changes.append(change)
        work.job_ended(unit, job.id, "done", message="; ".join(dict.fromkeys(changes)) or None)


def _follow(parts: Parts, unit: Unit, asset_id: str, *, changed: bool) -> None:
    """What else is derived from the verdict: claims and answers, then edges."""
    (stored,) = derived.load(derived.rows_of(unit), [asset_id])
    again = rederive.again(stored)
    if again is not None and again.change:
        rederive.write(parts, unit, again, because="credential judged again")
    elif changed:
        relate.settle(unit, asset_id)


def _change(before: tuple[str, str | None], new: Credentials) -> str | None:
    if before == (new.state.value, new.tier):
        return None
    return f"{_named(*before)} -> {_named(new.state.value, new.tier)}"


def _named(state: str, tier: str | None) -> str:
    return f"{state} ({tier})" if tier else state


def _detail(sha256: str, before: tuple[str, str | None], new: Credentials) -> dict[str, object]:
    return {
        "sha256": sha256,
        "before": {"state": before[0], "tier": before[1]},
        "after": {"state": new.state.value, "tier": new.tier},
        "trust_list": new.trust_list,
        "sdk_version": new.sdk_version,
    }
