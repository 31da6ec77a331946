"""Parse a text once for one file, however many readers ask for it.

A dozen readers look into the same text, twice each. What was parsed is kept by the text's own value and only while one file
is read (`one_file`), so nothing passes from file to file or from thread to thread. What is handed out is shared: readers
look at it and never change it.
"""

import functools
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from contextvars import ContextVar
from typing import Any, TypeVar

_WORTH_KEEPING = 100  # shorter texts are parsed faster than they are looked up
_kept: ContextVar[dict[Any, Any] | None] = ContextVar("parsed_of_one_file", default=None)

Given = TypeVar("Given", str, bytes)
Made = TypeVar("Made")


@contextmanager
def one_file() -> Iterator[None]:
    """Within this block, functions marked `once` remember what they made."""
    token = _kept.set({})
    try:
        yield
    finally:
        _kept.reset(token)


def once(function: Callable[[Given], Made]) -> Callable[[Given], Made]:
    """Mark a pure function of one text."""

    @functools.wraps(function)
    def asked(given: Given) -> Made:
        kept = _kept.get()
        if kept is None or len(given) < _WORTH_KEEPING:
            return function(given)
        key = (function, given)
        if key not in kept:
            kept[key] = function(given)
        made: Made = kept[key]
        return made

    return asked
