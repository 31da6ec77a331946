"""Whether the sound contents of a bundle tell one story: file, credential, ledger, decisions, lineage."""

import io
from typing import TYPE_CHECKING, Any

from dam.audit import chain, tree
from dam.errors import DamError
from dam.model import Credentials, CredentialState
from dam.provenance import verdict
from dam.provenance.trust import TrustStore
from dam.report import bundle, zips

if TYPE_CHECKING:
    from dam.report.checking import Checked

_SOUND = {CredentialState.TRUSTED.value, CredentialState.UNTRUSTED_SIGNER.value}


def tell(seen: "Checked", store: TrustStore | None) -> None:
    """Compare the parts with each other. Adds findings; never raises for what they hold."""
    try:
        entries = _ledger(seen)
        _file(seen, entries)
        _decisions(seen, entries)
        _lineage(seen, entries)
        _credential(seen, store)
    except (DamError, ValueError, LookupError, TypeError, AttributeError) as error:
        seen.fails("contents", f"A member is not in the form that it should have ({type(error).__name__}: {error}).")


def _ledger(seen: "Checked") -> list[dict[str, Any]]:
    """The entries, each hashed again by the published rule and proven to stand below the signed root."""
    entries, proof = seen.json("ledger/entries.json"), seen.json("ledger/proof.json")
    said = seen.index["ledger"]
    library, asset = seen.index["library"]["id"], seen.index["asset"]["id"]
    size, root, head = proof["size"], proof["root"], proof["head"]
    if (size, root, head["hash"]) != (said["size"], said["root"], said["head"]) or head["seq"] != size:
        seen.fails("ledger", "The proof speaks of another state of the audit trail than the signed list.")
        return []
    flaws = (
        [] if tree.holds(head["hash"], size, proof["paths"][str(size)], size=size, root=root) else ["its last entry"]
    )
    before: dict[int, str] = {0: chain.genesis(library).hash}
    last = 0
    for row in entries:
        link = chain.Entry(row["seq"], row["at"], row["actor"], row["action"], row["subject"], row["detail"])
        known = before.get(link.seq - 1, row["previous"])
        path = proof["paths"][str(link.seq)]
        fits = known == row["previous"] and chain.entry_hash(row["previous"], link) == row["hash"]
        fits = fits and tree.holds(row["hash"], link.seq, path, size=size, root=root)
        if not fits or link.seq <= last or link.subject != asset:
            flaws.append(f"entry {link.seq}")
        before[link.seq], last = row["hash"], link.seq
    if flaws:
        seen.fails("ledger", f"The proof does not hold for {', '.join(flaws[:5])}.")
        return []
    seen.holds(
        "ledger",
        f"{len(entries)} entries about this asset hash as the rule says and stand in the audit trail of {size} entries "
        f"that the signer vouches for (root {root}).",
    )
    return list(entries)


def _file(seen: "Checked", entries: list[dict[str, Any]]) -> None:
    """That the ledger knows the very bytes that are in the bundle."""
    sha256, kept = seen.index["asset"]["sha256"], seen.index["contains"]
    admitted = [one for one in entries if one["action"] == "asset.admitted"]
    if not any(one["detail"].get("sha256") == sha256 for one in admitted):
        seen.fails(
            "file", f"The audit trail does not say that a file with SHA-256 {sha256} was catalogued as this asset."
        )
        return
    seen.holds("file", f"The audit trail says since {admitted[0]['at']} that this asset is the file {sha256}.")
    if kept == "none":
        seen.note("file", "The bundle holds no file: compare yours with this SHA-256.")
        return
    name = seen.index["file"]
    there = next(one["sha256"] for one in seen.index["members"] if one["path"] == name)
    made = [one["detail"].get("sha256") for one in entries if one["action"] == "copy.made"]
    if there == sha256 or (kept == "protected" and there in made):
        seen.holds("file", f"{name} is that " + ("file." if kept == "original" else "file's protected copy."))
    else:
        seen.fails("file", f"The audit trail does not know {name} (SHA-256 {there}).")


def _decisions(seen: "Checked", entries: list[dict[str, Any]]) -> None:
    told = sorted(
        (one["decided_at"], one["verdict"], one["person"], one["reason"] or "")
        for one in seen.json("decisions/decisions.json")
    )
    entered = sorted(
        (one["at"], one["action"].partition(".")[2], one["detail"].get("person"), one["detail"].get("reason") or "")
        for one in entries
        if one["action"].startswith("decision.")
    )
    if told != entered:
        seen.fails("decisions", "The decisions are not those of the audit trail.")
    else:
        seen.holds("decisions", f"All {len(told)} decisions are those of the audit trail, to the word.")


def _lineage(seen: "Checked", entries: list[dict[str, Any]]) -> None:
    """Direct sources against what was entered; edges of other assets stand in entries that are not in the bundle."""
    told, asset = seen.json("lineage/lineage.json"), seen.index["asset"]["id"]
    direct = {
        (one["parent_id"], one["relation"], one["evidence"])
        for one in [*told["edges"], *told["alike"]]
        if one["child_id"] == asset
    }
    entered: set[tuple[str, str, str]] = set()
    for one in entries:
        if one["action"] in ("edge.asserted", "edge.retracted"):
            key = (one["detail"]["parent"], one["detail"]["relation"], one["detail"]["evidence"])
            (entered.add if one["action"] == "edge.asserted" else entered.discard)(key)
    if direct - entered or (entered - direct and not told["truncated"]):
        seen.fails("lineage", "The sources of this asset are not those of the audit trail.")
    else:
        seen.holds("lineage", f"All {len(direct)} direct sources are those of the audit trail.")
    others = sum(one["child_id"] != asset for one in [*told["edges"], *told["alike"]])
    if others:
        seen.note("lineage", f"{others} edges into other assets are the signer's word; their entries are not here.")


def _credential(seen: "Checked", store: TrustStore | None) -> None:
    """Judge the file again, offline, and compare with what was said when the bundle was made."""
    if "credentials/verdict.json" not in seen.members or seen.index["contains"] == "none":
        seen.note("credential", "No file with a credential is in the bundle, so none was judged again.")
        return
    said = seen.json("credentials/verdict.json")
    name = seen.index["file"]
    mime = next(one["media_type"] for one in seen.index["members"] if one["path"] == name)
    window = io.BufferedReader(zips.Window(seen.stream, seen.members[name]), zips.BLOCK_BYTES)
    now = verdict.judge_stream(window, mime, _lists(seen, store))
    was, state = str(said["state"]), now.state.value
    if _expired(now) and was in _SOUND:
        seen.note(
            "credential",
            "It was sound when the bundle was made; its certificate has expired since, without a time stamp.",
        )
    elif said.get("label") != now.label:
        seen.fails("credential", "The credential in the file is not the one that the bundle speaks of.")
    elif was == state:
        seen.holds("credential", f"Judged again from the file, offline: {state}, as when the bundle was made.")
    elif {was, state} <= _SOUND:
        seen.note(
            "credential",
            f"Intact, judged again from the file. Who vouches for the signer is another question: {was} when the bundle was "
            f"made ({said.get('tier') or 'no'} list), {state} with the roots that were asked now.",
        )
    else:
        seen.fails("credential", f"The credential was {was} when the bundle was made and is {state} now.")


def _lists(seen: "Checked", store: TrustStore | None) -> TrustStore:
    if store is not None:
        return store
    try:
        root = seen.data(bundle.ROOT).decode()
        return TrustStore.of(root, tsa=root)
    except (ValueError, DamError):
        return TrustStore()


def _expired(now: Credentials) -> bool:
    codes = set(now.codes)
    return "signingCredential.expired" in codes and codes <= {
        "signingCredential.expired",
        "signingCredential.untrusted",
    }
