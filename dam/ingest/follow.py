"""The index follows the catalogue through the outbox: rows are deleted only after the index has committed them.

A crash between the two does the same work again; the index cannot drift. A missing, damaged or outdated index is
rebuilt from the catalogue by itself, and a failing index never fails an ingest.
"""

import time
from collections.abc import Callable, Iterator
from datetime import UTC, datetime
from pathlib import Path

from dam.audit.chain import timestamp
from dam.catalogue import sqlite, tags
from dam.catalogue.cards import Card
from dam.catalogue.reading import open_reader
from dam.errors import BusyError
from dam.search.document import Document
from dam.search.index import TantivyIndex, open_index
from dam.tagging.tagger import Tagger

BATCH = 500
REBUILD_PATIENCE_S = 60.0


def document(card: Card) -> Document:
    """What the index holds of an asset."""
    ai = {True: "true", False: "false", None: "unknown"}[card.ai_generated]
    generation = card.generation
    return Document(
        asset_id=card.id,
        sha256=card.sha256,
        kind=card.kind,
        admitted_at=datetime.fromisoformat(card.admitted_at),
        mime=card.mime,
        size_bytes=card.size_bytes,
        title=card.title,
        names=tuple(sorted({p.path.rsplit("/", 1)[-1] for p in card.locations} | {card.title})),
        paths=tuple(sorted({p.path for p in card.locations})),
        roots=tuple(sorted({p.root for p in card.locations})),
        prompt=card.prompt,
        negative_prompt=generation.get("negative_prompt"),
        tool=card.tool,
        model=card.model,
        loras=tuple(sorted({x["name"] for x in generation.get("loras", []) if x.get("name")})),
        sampler=generation.get("sampler"),
        seed=str(generation["seed"]) if generation.get("seed") is not None else None,
        steps=generation.get("steps"),
        width_px=card.width_px,
        height_px=card.height_px,
        duration_s=card.duration_s,
        status=card.status,
        availability=card.availability,
        credential=card.credential,
        ai=ai,
        protected=card.protected,
        tags=card.tags,
        characters=card.characters,
        scenes=card.scenes,
        shots=card.shots,
        projects=card.projects,
        created_at=datetime.fromisoformat(card.created_at),
        flags=card.flags,
    )


def follow(catalogue: Path, index: TantivyIndex, *, enough: Callable[[], bool] = lambda: False) -> int:
    """Bring the index level with the outbox, or go on until `enough()`. Returns how many assets were looked at; 0 if
    another process writes.
    """
    with open_reader(catalogue) as reader:
        rows = reader.outbox(BATCH)
    count = 0
    if not rows:
        return 0
    with open_reader(catalogue) as reader:
        tagger = tags.tagger(reader.rows)
    try:
        with index.writer() as writer:
            while rows and not (count and enough()):
                ids = list(dict.fromkeys(asset_id for _, asset_id in rows))
                _tag(catalogue, ids, tagger)
                with open_reader(catalogue) as reader:
                    cards = reader.cards(ids)
                found = {card.id for card in cards}
                writer.apply([document(card) for card in cards], [i for i in ids if i not in found])
                _forget(catalogue, rows[-1][0])
                count += len(ids)
                with open_reader(catalogue) as reader:
                    rows = reader.outbox(BATCH)
    except BusyError:
        return count  # the process that holds the index follows the same outbox
    return count


def _tag(catalogue: Path, ids: list[str], tagger: Tagger) -> None:
    """What characters and scenes these assets show now: their prompts, places or the bibles may be others than before."""
    with open_reader(catalogue) as reader:
        if not tagger and reader.one("SELECT 1 FROM asset_tag LIMIT 1") is None:
            return
    with sqlite.connected(catalogue, write=True) as connection:
        connection.execute("BEGIN IMMEDIATE")
        tags.refresh(connection, ids, tagger, now=timestamp(datetime.now(UTC)))
        connection.execute("COMMIT")


def _forget(catalogue: Path, seq: int) -> None:
    with sqlite.connected(catalogue, write=True) as connection:
        connection.execute("DELETE FROM outbox WHERE seq <= ?", (seq,))


def rebuild(catalogue: Path, index: TantivyIndex) -> int:
    """A new index from the whole catalogue, swapped in at the end."""
    with open_reader(catalogue) as reader:
        top = reader.one("SELECT max(seq) FROM outbox") or 0
    count = index.rebuild(_documents(catalogue))
    if top:
        _forget(catalogue, top)
    return count


def _documents(catalogue: Path) -> Iterator[Document]:
    last = ""
    with open_reader(catalogue) as reader:
        while ids := reader.asset_ids(after=last):
            yield from (document(card) for card in reader.cards(ids))
            last = ids[-1]


def ready_index(catalogue: Path, folder: Path) -> TantivyIndex:
    """An index that can be searched and is level: rebuilt if need be, then caught up.

    While another process or thread rebuilds it, this waits for that one: at most REBUILD_PATIENCE_S, then BusyError.
    """
    index, state = open_index(folder)
    patience = time.monotonic() + REBUILD_PATIENCE_S
    while state.needs_rebuild:
        try:
            rebuild(catalogue, index)
            break
        except BusyError:
            if time.monotonic() > patience:
                raise
            time.sleep(0.05)
        state = index.state()
    follow(catalogue, index)
    index.reload()
    return index
