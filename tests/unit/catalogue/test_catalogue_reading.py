"""Plain reads: names to assets, cards in the order asked for, availability, counts."""

import pytest

from dam.catalogue import assets, records
from dam.errors import NotFoundError, UsageError
from tests.support import rows


@pytest.fixture
def drive(catalogue):
    """Root id and ids of the assets a (at two places), b and c."""
    with catalogue.change() as unit:
        root = rows.root(unit)
        found = {letter: rows.asset(unit, letter, at=root, path=f"shots/{letter}.png") for letter in "abc"}
        assets.place(unit, found["a"], root, "copy/a (2).png", rows.SEEN)
    return root, found


@pytest.fixture
def reader(catalogue):
    with catalogue.reader() as reader:
        yield reader


def test_an_asset_is_found_by_id_content_prefix_and_path(drive, reader):
    _, ids = drive
    names = [
        ids["a"],
        "a" * 64,
        "A" * 64,
        "aaaaaa",
        "a" * 20,
        "shots/a.png",
        "copy/a (2).png",
        "/mnt/drive/shots/a.png",
    ]
    assert {reader.find(name) for name in names} == {ids["a"]}


@pytest.mark.parametrize(
    "name", ["aaaaa", "dddddd", "a" * 65, "shots/d.png", "d.png", "/mnt/other/shots/a.png", "shots/"]
)
def test_what_fits_nothing_is_not_found(drive, reader, name):
    with pytest.raises(NotFoundError) as caught:
        reader.find(name)
    assert caught.value.code == "asset.not_found"


def test_a_prefix_of_several_assets_is_no_name(catalogue, drive, reader):
    with catalogue.change() as unit:
        for tail in "01":
            assets.add(unit, rows.inspection(sha256="ee" * 31 + "0" + tail), title="e", created_at=unit.now)
    with pytest.raises(NotFoundError) as caught:
        reader.find("eeeeee")
    assert caught.value.code == "asset.ambiguous"
    assert reader.find("ee" * 31 + "01")


def test_a_file_name_is_enough_where_one_asset_has_it_whatever_its_case(catalogue, drive, reader):
    root, ids = drive
    assert reader.find("b.png") == reader.find("B.PNG") == ids["b"]
    with catalogue.change() as unit:
        assets.place(unit, ids["c"], root, "old/b.png", rows.SEEN)
    with pytest.raises(NotFoundError):
        reader.find("b.png")


def test_no_name_at_all_is_a_usage_error(reader):
    with pytest.raises(UsageError):
        reader.find("")


def test_wildcards_of_sql_are_ordinary_characters(drive, reader):
    for name in ("%", "aaaaaa%", "shots/_.png", "' OR 1=1 --"):
        with pytest.raises(NotFoundError):
            reader.find(name)


def test_a_path_that_two_roots_share_names_no_asset_unless_its_root_is_named(catalogue, drive, reader):
    _, ids = drive
    with catalogue.change() as unit:
        other = rows.root(unit, "other")
        assets.place(unit, ids["b"], other, "shots/a.png", rows.SEEN)
    with pytest.raises(NotFoundError):
        reader.find("shots/a.png")
    assert reader.find("/mnt/other/shots/a.png") == ids["b"]


def test_cards_come_in_the_order_of_the_ids_and_leave_out_strangers(drive, reader):
    _, ids = drive
    asked = [ids["c"], "nobody", ids["a"], ids["b"]]
    assert [card.id for card in reader.cards(asked)] == [ids["c"], ids["a"], ids["b"]]


def test_more_cards_than_one_statement_holds_keep_their_order(catalogue, reader):
    with catalogue.change() as unit:
        ids = [
            assets.add(unit, rows.inspection(sha256=f"{n:064x}"), title=str(n), created_at=unit.now).id
            for n in range(900)
        ]
    backwards = ids[::-1]
    assert [card.id for card in reader.cards(backwards)] == backwards


def test_a_card_is_online_if_any_of_its_places_is(catalogue, drive, reader):
    root, ids = drive

    def availability():
        (card,) = reader.cards([ids["a"]])
        return card.availability, {p.availability for p in card.locations}

    assert availability() == ("online", {"online"})
    first, second = (r["id"] for r in reader.rows("SELECT id FROM location WHERE asset_id = ? ORDER BY path", ids["a"]))
    with catalogue.change() as unit:
        assets.set_availability(unit, [first], "missing")
    assert availability() == ("online", {"online", "missing"})
    with catalogue.change() as unit:
        records.set_root_state(unit, root, "offline", "unplugged")
    assert availability() == ("offline", {"offline", "missing"})
    with catalogue.change() as unit:
        assets.set_availability(unit, [second], "missing")
    assert availability() == ("missing", {"missing"})


def test_going_offline_and_back_changes_no_location_and_tells_the_index(catalogue, drive, reader):
    root, ids = drive
    before = reader.rows("SELECT * FROM location ORDER BY id")
    last = reader.one("SELECT max(seq) FROM outbox")
    for state in ("offline", "offline", "online"):
        with catalogue.change() as unit:
            records.set_root_state(unit, root, state, None)
    assert reader.rows("SELECT * FROM location ORDER BY id") == before
    told = reader.rows("SELECT asset_id FROM outbox WHERE seq > ?", last)
    assert sorted(r["asset_id"] for r in told) == sorted([*ids.values()] * 2)


def test_a_path_belongs_to_the_asset_that_stands_there_now(catalogue, drive, reader):
    root, ids = drive
    with catalogue.change() as unit:
        assert assets.place(unit, ids["b"], root, "shots/a.png", (1, 2, "3:4")) == ids["a"]
        assert assets.place(unit, ids["b"], root, "shots/a.png", (1, 2, "3:5")) is None
    assert reader.find("shots/a.png") == ids["b"]
    assert [p.path for p in reader.cards([ids["a"]])[0].locations] == ["copy/a (2).png"]


def test_a_root_that_is_forgotten_takes_its_places_along_and_no_asset(catalogue, drive, reader):
    _, ids = drive
    with catalogue.change() as unit:
        records.remove_root(unit, "drive")
    (card,) = reader.cards([ids["a"]])
    assert (card.locations, card.availability) == ((), "missing")
    assert reader.roots() == []


def test_ids_come_in_pages_without_gap_or_repeat(drive, reader):
    _, ids = drive
    found, last = [], ""
    while page := reader.asset_ids(after=last, limit=2):
        found += page
        last = page[-1]
    assert found == sorted(ids.values())


def test_the_last_decision_counts_and_all_are_kept(catalogue, drive, reader):
    _, ids = drive
    for verdict in ("approve", "reject"):
        with catalogue.change("person:ana") as unit:
            records.decide(unit, ids["a"], verdict=verdict, reason="r", person="ana")
    assert reader.cards([ids["a"]])[0].status == "rejected"
    assert [d["verdict"] for d in reader.decisions(ids["a"])] == ["approve", "reject"]
    assert reader.counts()["by_state"] == {"rejected": 1, "unreviewed": 2}
