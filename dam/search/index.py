"""The full-text index on tantivy: one writer process, many readers, rebuilt at any time.

Traps met here, all measured (docs/decisions/0002): two writers with old file lists leave orphan files (one flock over
all processes, a fresh `Index` per writer); a wrong type kills the writer thread (values are checked before); a library
of another version may not read the folder (the stamp says so, the caller rebuilds into a new one).
"""

import contextlib
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import tantivy

from dam.errors import EngineError, StorageError
from dam.search import generations
from dam.search.document import Document
from dam.search.query import Query
from dam.search.results import IndexState, Page, Sort
from dam.search.schema import SCHEMA_HASH, TOKENIZER, build_analyzer, build_schema, index_values
from dam.search.searching import Reader

_HEAP_BYTES = 64_000_000
_REBUILD_COMMIT_EVERY = 50_000
_REBUILD_NEXT_STEP = "Run `dam index rebuild`."
_STAMP = {"schema": SCHEMA_HASH, "engine": f"tantivy {tantivy.__version__}", "format": 1}


class TantivyIndex:
    """A `results.TextIndex` in a folder of its own.

    Cheap to make: opens nothing until asked. Any number of threads may search; `reload` is seen by later searches.
    """

    def __init__(self, folder: Path) -> None:
        self.folder = folder
        self._reader: Reader | None = None
        self._generation: Path | None = None

    def search(
        self,
        query: Query,
        *,
        limit: int = 50,
        after: str | None = None,
        sort: Sort = Sort.RELEVANCE,
        facets: bool = True,
    ) -> Page:
        """See results.TextIndex. A rebuild by another process in between is followed once."""
        reader = self._reader or self._open()
        try:
            with engine_errors(self.folder):
                return reader.search(query, limit=limit, after=after, sort=sort, facets=facets)
        except EngineError:
            if generations.current(self.folder) == self._generation:
                raise
        with engine_errors(self.folder):
            return self._open().search(query, limit=limit, after=after, sort=sort, facets=facets)

    def reload(self) -> None:
        """See results.TextIndex; also follows a swap to a new generation."""
        if self._reader is None or generations.current(self.folder) != self._generation:
            self._open()
            return
        with engine_errors(self.folder):
            self._reader.reload()

    def state(self) -> IndexState:
        """Compares the stamp with this program and opens the index; never raises for a damaged one."""
        try:
            return IndexState(False, "", self._open().count())
        except EngineError as error:
            return IndexState(True, error.message, 0)

    @contextlib.contextmanager
    def writer(self) -> Iterator["Writer"]:
        """Be the one writer until the block ends.

        Raises BusyError "index.busy" if another holds it, EngineError "index.missing" / "index.outdated" /
        "index.corrupt" where the index must be rebuilt first.
        """
        with generations.writer_lock(self.folder):
            generation = _usable(self.folder)
            with _engine_writer(generation) as engine:
                yield engine

    def apply(self, updates: Sequence[Document], deletes: Sequence[str]) -> None:
        """See results.TextIndex. For many batches in a row hold a `writer()`."""
        with self.writer() as writer:
            writer.apply(updates, deletes)

    def rebuild(self, documents: Iterable[Document]) -> int:
        """See results.TextIndex. If `documents` raises, the old generation stays as it was."""
        with generations.writer_lock(self.folder):
            generation = generations.new(self.folder)
            done = False
            try:
                count = _fill(generation, documents)
                generations.write_stamp(generation, _STAMP)
                generations.swap(self.folder, generation)
                done = True
            finally:
                if not done:
                    generations.discard_others(self.folder, generations.current(self.folder) or generation)
        self._open()
        return count

    def _open(self) -> Reader:
        generation = _usable(self.folder)
        with engine_errors(self.folder):
            reader = Reader(_open_engine(generation))
        self._reader, self._generation = reader, generation
        return reader


def open_index(folder: Path) -> tuple[TantivyIndex, IndexState]:
    """The index of a folder, and whether it must be rebuilt before use."""
    index = TantivyIndex(folder)
    return index, index.state()


@dataclass(frozen=True, slots=True)
class Writer:
    """The open writer. One commit per `apply`."""

    folder: Path
    engine: Any
    schema: Any

    def apply(self, updates: Sequence[Document], deletes: Sequence[str]) -> None:
        """Replace and drop; an id in both is dropped. An error leaves the index as it was before the call."""
        dropped = set(deletes)
        latest = {document.asset_id: document for document in updates if document.asset_id not in dropped}
        rows = [index_values(document) for document in latest.values()]
        with engine_errors(self.folder):
            try:
                for name in (*dropped, *latest):
                    self.engine.delete_documents_by_term("id", name)
                for values in rows:
                    self.engine.add_document(tantivy.Document.from_dict(values, self.schema))
                self.engine.commit()
            except BaseException:
                with contextlib.suppress(Exception):  # a dead writer cannot roll back; nothing was committed either
                    self.engine.rollback()
                raise

    def add(self, document: Document) -> None:
        """Add to a new generation, uncommitted."""
        values = index_values(document)
        with engine_errors(self.folder):
            self.engine.add_document(tantivy.Document.from_dict(values, self.schema))

    def commit(self) -> None:
        with engine_errors(self.folder):
            self.engine.commit()


def _usable(folder: Path) -> Path:
    """The current generation if this program can use it."""
    generation = generations.current(folder)
    if generation is None:
        raise EngineError(f"There is no index in {folder}.", code="index.missing", next_step=_REBUILD_NEXT_STEP)
    stamp = generations.read_stamp(generation)
    if stamp != _STAMP:
        made_by = f"schema {stamp.get('schema')}, {stamp.get('engine')}" if stamp else "no stamp"
        raise EngineError(
            f"The index in {folder} was made by another version ({made_by}).",
            code="index.outdated",
            next_step=_REBUILD_NEXT_STEP,
        )
    return generation


def _open_engine(generation: Path) -> Any:
    engine = tantivy.Index.open(str(generation))
    engine.register_tokenizer(TOKENIZER, build_analyzer())
    engine.config_reader(reload_policy="manual")
    engine.reload()
    return engine


@contextlib.contextmanager
def _engine_writer(generation: Path, engine: Any = None) -> Iterator[Writer]:
    """A writer on freshly read file lists; waits for its merges at the end."""
    with engine_errors(generation):
        engine = engine if engine is not None else _open_engine(generation)
        writer = engine.writer(heap_size=_HEAP_BYTES, num_threads=1)
    try:
        yield Writer(generation, writer, engine.schema)
    finally:
        with contextlib.suppress(ValueError, OSError):  # a killed writer has no merges to wait for
            writer.wait_merging_threads()


def _fill(generation: Path, documents: Iterable[Document]) -> int:
    with engine_errors(generation):
        engine = tantivy.Index(build_schema(), path=str(generation))
    engine.register_tokenizer(TOKENIZER, build_analyzer())
    count = 0
    with _engine_writer(generation, engine) as writer:
        for document in documents:
            writer.add(document)
            count += 1
            if count % _REBUILD_COMMIT_EVERY == 0:
                writer.commit()
        writer.commit()
    return count


@contextlib.contextmanager
def engine_errors(folder: Path) -> Iterator[None]:
    """Turn tantivy's errors into ours: a full disk is the disk's, anything else means a damaged index.

    A Rust panic arrives as `PanicException`, which is no Exception; it has been seen on damaged segments.
    """
    try:
        yield
    except (ValueError, OSError) as error:
        if "No space left" in str(error):
            raise StorageError(f"The disk of the index {folder} is full.", next_step="Free some space.") from error
        raise _corrupt(folder, error) from error
    except BaseException as error:
        if type(error).__name__ != "PanicException":
            raise
        raise _corrupt(folder, error) from error


def _corrupt(folder: Path, error: BaseException) -> EngineError:
    reason = str(error)[:200]
    return EngineError(
        f"The index in {folder} cannot be read: {reason}", code="index.corrupt", next_step=_REBUILD_NEXT_STEP
    )
