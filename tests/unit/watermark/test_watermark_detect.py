"""Several engines and keys on one picture."""

import logging
import time

from dam import plugins
from dam.watermark import detect
from dam.watermark.contract import Availability
from dam.watermark.engines.tilemark import PLUGIN

OTHER = bytes(32)


class Failing:
    """An engine whose library fails."""

    name, alg, media = "failing", "test.failing", frozenset({"image"})
    capacity_bits, keyed, min_short_side = 8, True, 1

    def available(self):
        return Availability(ready=True)

    def embed(self, pixels, mark_id, key, *, strength_db=None):
        raise RuntimeError

    def detect(self, pixels, key, *, effort, budget_s):
        raise RuntimeError("no weights")


def test_the_key_that_fits_is_named(gallery, key):
    _, mark_id, embedded = gallery["city"]
    key_id, engine, found = detect.detect_all(
        embedded.pixels, [("old", OTHER), ("new", key)], effort="fast", budget_s=1
    )
    assert (key_id, engine, found.mark_id) == ("new", "tilemark", mark_id)


def test_a_crop_is_found_with_the_second_key_in_deep_effort(gallery, key):
    _, mark_id, embedded = gallery["city"]
    crop = embedded.pixels[100:1000, 60:800]
    assert detect.detect_all(crop, [("old", OTHER), ("new", key)], effort="fast", budget_s=1) is None
    key_id, _, found = detect.detect_all(crop, [("old", OTHER), ("new", key)], effort="deep", budget_s=20)
    assert (key_id, found.mark_id) == ("new", mark_id)


def test_without_a_mark_or_a_key_nothing_is_found(draw, key):
    assert detect.detect_all(draw("poster"), [("new", key)], effort="fast", budget_s=1) is None
    assert detect.detect_all(draw("poster"), [], effort="deep", budget_s=1) is None


def test_the_budget_covers_all_keys_together(draw):
    keys = [(str(n), bytes([n]) * 32) for n in range(4)]
    start = time.monotonic()
    assert detect.detect_all(draw("texture"), keys, effort="deep", budget_s=0.3) is None
    assert time.monotonic() - start < 2


def test_one_failing_engine_does_not_stop_the_others(gallery, key, monkeypatch, caplog):
    found = plugins.Discovery((Failing(), PLUGIN), ())
    monkeypatch.setattr(detect, "discovery", lambda: found)
    with caplog.at_level(logging.ERROR):
        assert detect.detect_all(gallery["sky"][2].pixels, [("k", key)], effort="fast", budget_s=1)[1] == "tilemark"
    assert "engine failing failed" in caplog.text


def test_engines_are_found_by_name():
    assert detect.engine("tilemark") is PLUGIN
    assert detect.engine("nonesuch") is None
