"""A Merkle tree over the hashes of a ledger, so that single entries can be proven without showing the others. Pure.

The tree of RFC 9162 §2.1 (certificate transparency): leaf n is entry n + 1, its data the 32 bytes of that entry's hash.
A whole ledger gives the root again, so a root that was handed out binds every entry up to its size.
"""

import hashlib
from collections.abc import Iterable, Sequence

MAX_PATH = 64


def leaf(entry_hash: str) -> bytes:
    """The leaf of an entry's hash (64 hex digits). Raises ValueError for what is no hash."""
    data = bytes.fromhex(entry_hash)
    if len(data) != 32:
        raise ValueError("a hash has 64 hex digits")
    return hashlib.sha256(b"\0" + data).digest()


def _node(left: bytes, right: bytes) -> bytes:
    return hashlib.sha256(b"\1" + left + right).digest()


def _levels(hashes: Iterable[str]) -> list[list[bytes]]:
    """Leaves first, root last; a node without a neighbour moves up as it is (the same tree as RFC 9162's)."""
    levels = [[leaf(one) for one in hashes]]
    while len(levels[-1]) > 1:
        below = levels[-1]
        above = [_node(below[at], below[at + 1]) for at in range(0, len(below) - 1, 2)]
        levels.append([*above, below[-1]] if len(below) % 2 else above)
    return levels


def prove(hashes: Iterable[str], seqs: Sequence[int]) -> tuple[str, int, dict[int, tuple[str, ...]]]:
    """The root (hex), the size, and each wanted entry's path (hex, from the leaf up).

    Raises:
        ValueError: an empty ledger, or an entry that is not in it.
    """
    levels = _levels(hashes)
    size = len(levels[0])
    if not size or any(not 1 <= seq <= size for seq in seqs):
        raise ValueError("no such entry in the ledger")
    paths = {}
    for seq in seqs:
        at, path = seq - 1, []
        for level in levels[:-1]:
            if (beside := at ^ 1) < len(level):
                path.append(level[beside].hex())
            at //= 2
        paths[seq] = tuple(path)
    return levels[-1][0].hex(), size, paths


def holds(entry_hash: str, seq: int, path: Sequence[str], *, size: int, root: str) -> bool:
    """Whether the entry with this hash is number `seq` of the `size` entries below `root` (RFC 9162 §2.1.3.2)."""
    if not 1 <= seq <= size or len(path) > MAX_PATH:
        return False
    try:
        found, steps = leaf(entry_hash), [bytes.fromhex(one) for one in path]
    except ValueError:
        return False
    at, last = seq - 1, size - 1
    for step in steps:
        if last == 0 or len(step) != 32:
            return False
        if at % 2 or at == last:
            found = _node(step, found)
            while at and not at % 2:
                at, last = at // 2, last // 2
        else:
            found = _node(found, step)
        at, last = at // 2, last // 2
    return last == 0 and found.hex() == root
