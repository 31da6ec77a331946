"""A mark is never read with another key than its own: marked pictures, damaged in every way, searched to the end."""

from tests.support import searches


def test_no_search_to_the_end_finds_another_keys_mark(gallery):
    assert searches.alarms([embedded.pixels for _, _, embedded in gallery.values()], 2028) == []
