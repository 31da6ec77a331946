"""Edges from timelines to the assets that their clips mean, kept right with the least work for each arrival.

A timeline may have thousands of clips and its media arrive one by one. So an arrival settles only the clips that could
mean the new file, and the edges of the assets that those clips meant until now.
"""

from collections.abc import Iterable
from dataclasses import asdict

from dam.catalogue import cuts, edges
from dam.catalogue.edges import Holder, Reference
from dam.catalogue.tables import AssetRow
from dam.catalogue.unit import Unit
from dam.lineage import clips
from dam.lineage.clips import Use
from dam.lineage.names import Candidate
from dam.model import Kind, Relation, Timeline

MAX_KEYS = 10_000  # names under which the media of one timeline may arrive
MAX_WAITING = 2_000  # clips looked at for one arrival; beyond it a name is too common to say anything


def note(unit: Unit, cut_id: str, cut: Timeline) -> None:
    """Keep under which names and hashes a new timeline's media may arrive, with the clip that says so (`role`)."""
    wanted: list[Reference] = []
    for at, use in clips.placed_uses(asdict(clip) for clip in cut.clips):
        wanted += [Reference(edges.CLIP, name_key=key, role=str(at)) for key in sorted(clips.keys_of(use)[1])]
        if use.sha256:
            wanted.append(Reference(edges.CLIP, sha256=use.sha256, role=str(at)))
    edges.add_references(unit, cut_id, wanted[:MAX_KEYS])


def on_arrival(unit: Unit, asset: AssetRow, name_key: str) -> None:
    """An asset was seen under a name: settle the clips that may mean it, and its own if it is a timeline."""
    if asset.kind in clips.PLAYABLE:
        names = sorted({name_key, clips.stem_key(name_key)})
        waiting: dict[str, list[int]] = {}
        for cut_id, position in edges.clips_wanting(unit, name_keys=names, sha256s=[asset.sha256])[:MAX_WAITING]:
            waiting.setdefault(cut_id, []).append(position)
        for cut_id, positions in sorted(waiting.items()):
            _settle_some(unit, cut_id, positions, asset.id)
    elif asset.kind == Kind.TIMELINE:
        uses = clips.uses_of(cuts.clips(unit, asset.id))
        found = clips.edges_from_clips(asset.id, uses, _candidates(unit, asset.id, uses))
        edges.settle(unit, asset.id, Relation.CLIP, found)


def _settle_some(unit: Unit, cut_id: str, positions: list[int], asset_id: str) -> None:
    """What the clips at these positions mean may have changed, and with it the edges of all that they may mean."""
    uses = clips.uses_of(cuts.clips(unit, cut_id, positions))
    # By names without suffix, too: a better file may take a clip from what it meant until now.
    parents = {asset_id} | {one.asset_id for one in _candidates(unit, cut_id, uses, every=True)}
    known = edges.names_and_hashes(unit, sorted(parents))  # other clips may mean the same assets
    names = {name for name, _ in known} | {clips.stem_key(name) for name, _ in known}
    more = edges.clips_wanting(unit, name_keys=sorted(names), sha256s=sorted({sha for _, sha in known}), cut_id=cut_id)
    uses = clips.uses_of(cuts.clips(unit, cut_id, sorted({*positions, *(at for _, at in more)})))
    found = clips.edges_from_clips(cut_id, uses, _candidates(unit, cut_id, uses))
    edges.settle(unit, cut_id, Relation.CLIP, [e for e in found if e.parent_id in parents], parents=parents)


def _candidates(unit: Unit, cut_id: str, uses: Iterable[Use], *, every: bool = False) -> list[Candidate]:
    """Locations that these uses may mean; by names without suffix only where no file has the name (or for `every`)."""
    keys = [(use, *clips.keys_of(use)) for use in uses]
    names = sorted({name for _, own, _ in keys for name in own})[:MAX_KEYS]
    found = edges.holders(unit, name_keys=names, sha256s=sorted({use.sha256 for use, _, _ in keys if use.sha256}))
    there = {one.name_key for one in found if one.kind in clips.PLAYABLE and one.asset_id != cut_id}
    stems = {stem for _, own, all_ in keys if every or not own & there for stem in all_}
    found += edges.stem_holders(unit, sorted(stems)[:MAX_KEYS])
    return candidates_of(unit, cut_id, found)


def candidates_of(unit: Unit, child_id: str, holders: Iterable[Holder]) -> list[Candidate]:
    """Locations as the pure rules see them from one child."""
    own_roots = edges.roots_of(unit, child_id)
    return [
        Candidate(
            h.asset_id,
            h.sha256,
            h.name_key,
            same_root=h.root_id in own_roots,
            path=h.path,
            kind=h.kind,
            place=f"{h.root_id}/{h.path}",
            created_at=h.created_at,
        )
        for h in holders
    ]
