"""A mark is never read where there is none: unmarked pictures, damaged in every way, searched to the end."""

from tests.support import searches
from tests.unit.watermark.conftest import SCENES


def test_no_search_to_the_end_finds_a_mark_where_none_is(draw):
    pictures = [draw(scene, 1_000 + seed) for scene in SCENES for seed in range(max(3, searches.SEARCHES // 200))]
    assert searches.alarms(pictures, 2027) == []
