"""Single entries are proven to stand in a ledger without the others being shown."""

import hashlib

import pytest
from hypothesis import given
from hypothesis import strategies as st

from dam.audit import tree


def hashes(count):
    return [hashlib.sha256(str(n).encode()).hexdigest() for n in range(1, count + 1)]


@pytest.mark.parametrize("count", [1, 2, 3, 4, 5, 7, 8, 9, 31, 32, 33])
def test_every_entry_of_a_ledger_of_any_size_is_proven(count):
    ledger = hashes(count)
    root, size, paths = tree.prove(ledger, range(1, count + 1))
    for seq, one in enumerate(ledger, 1):
        assert tree.holds(one, seq, paths[seq], size=size, root=root)


def test_the_tree_is_that_of_rfc_9162():
    """For three leaves: H(1, H(1, a, b), c), written out by hand."""
    ledger = hashes(3)
    a, b, c = (hashlib.sha256(b"\0" + bytes.fromhex(one)).digest() for one in ledger)
    left = hashlib.sha256(b"\1" + a + b).digest()
    assert tree.prove(ledger, [3])[0] == hashlib.sha256(b"\1" + left + c).hexdigest()
    assert tree.prove(ledger, [3])[2] == {3: (left.hex(),)}


@given(st.integers(1, 40), st.data())
def test_another_entry_number_path_or_root_is_refused(count, data):
    ledger = hashes(count)
    seq = data.draw(st.integers(1, count))
    root, size, paths = tree.prove(ledger, [seq])
    other = data.draw(st.integers(1, count + 3).filter(lambda n: n != seq))
    path = paths[seq]
    foreign = hashlib.sha256(b"foreign").hexdigest()
    assert not tree.holds(ledger[seq - 1], other, path, size=size, root=root)
    assert not tree.holds(foreign, seq, path, size=size, root=root)
    assert not tree.holds(ledger[seq - 1], seq, path, size=size, root=foreign)
    assert not tree.holds(ledger[seq - 1], seq, (*path, foreign), size=size, root=root)
    if path:
        assert not tree.holds(ledger[seq - 1], seq, path[:-1], size=size, root=root)


@pytest.mark.parametrize("what", ["", "xyz", "00", "0" * 65])
def test_what_is_no_hash_is_refused_without_a_fuss(what):
    root, size, _ = tree.prove(hashes(2), [1])
    assert not tree.holds(what, 1, ("0" * 64,), size=size, root=root)
    assert not tree.holds("0" * 64, 1, (what,), size=size, root=root)


def test_an_empty_ledger_proves_nothing():
    with pytest.raises(ValueError, match="no such entry"):
        tree.prove([], [1])
