import pytest

from dam.errors import LimitError, UndecodableError
from dam.provenance.trust import MAX_LIST_BYTES, TrustStore, load_store


def test_a_library_without_lists_has_an_empty_store(tmp_path):
    assert load_store(tmp_path) == TrustStore()
    assert TrustStore().lists() == ()


def test_lists_are_read_by_their_names(tmp_path, ring):
    (tmp_path / "trust").mkdir()
    for name in ("official", "organisation", "tsa"):
        (tmp_path / "trust" / f"{name}.pem").write_text(f"# {name}\n{ring.root_pem}")
    store = load_store(tmp_path)
    assert store == TrustStore.of(ring.root_pem, official=ring.root_pem, tsa=ring.root_pem)


def test_an_anchor_that_two_lists_hold_stands_in_the_stronger_only(ring):
    store = TrustStore.of(ring.root_pem, official=ring.root_pem, tsa=ring.root_pem)
    assert [(one.name, one.kind) for one in store.lists()] == [("official", "manifest")]
    assert [one.name for one in store.only("organisation")] == ["organisation"]
    assert [(one.name, one.kind) for one in TrustStore.of(tsa=ring.root_pem).lists()] == [("tsa", "tsa")]


def test_the_hash_changes_with_the_anchors_and_with_their_tier(ring):
    stores = (TrustStore(), TrustStore.of(ring.root_pem), TrustStore.of(official=ring.root_pem))
    assert len({one.sha256 for one in stores}) == 3
    assert TrustStore.of(f"words\n{ring.root_pem}").sha256 == stores[1].sha256


@pytest.mark.parametrize(
    "text", ["hello", "-----BEGIN CERTIFICATE-----\nAAAA\n-----END CERTIFICATE-----", "-----BEGIN PRIVATE KEY-----"]
)
def test_a_list_that_would_break_every_verdict_is_refused(tmp_path, text):
    (tmp_path / "trust").mkdir()
    (tmp_path / "trust" / "interim.pem").write_text(text)
    with pytest.raises(UndecodableError, match=r"interim\.pem"):
        load_store(tmp_path)


def test_an_enormous_list_is_refused(tmp_path):
    (tmp_path / "trust").mkdir()
    (tmp_path / "trust" / "tsa.pem").write_bytes(bytes(MAX_LIST_BYTES + 1))
    with pytest.raises(LimitError):
        load_store(tmp_path)


def test_a_store_does_not_print_its_certificates(ring):
    assert "CERTIFICATE" not in repr(TrustStore.of(ring.root_pem))
