"""Every watermark and fingerprint engine that is discovered, ours or an add-on's, keeps its contract."""

import re
import tempfile
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import cv2
import numpy as np
import pytest

from dam.errors import PolicyError
from dam.fingerprint import compute
from dam.fingerprint.contract import is_flat
from dam.model import Kind
from dam.watermark import detect
from dam.watermark.engines.trustmark import TrustMark, Weights
from tests.support.networks import write_pair

WEIGHTS = tempfile.TemporaryDirectory()
TINY = Weights(Path(WEIGHTS.name), "Q", write_pair(Path(WEIGHTS.name)))
MARKERS = [*(e for e in detect.discovery().plugins if e.available().ready), TrustMark(TINY)]
HASHES = list(compute.discovery().plugins)
KEY = bytes(range(32))

each_marker = pytest.mark.parametrize("engine", MARKERS, ids=lambda e: e.name)
each_hash = pytest.mark.parametrize("engine", HASHES, ids=lambda e: e.name)


@pytest.fixture(scope="module")
def picture():
    coarse = np.random.default_rng(7).integers(0, 256, (24, 32, 3), dtype=np.uint8)
    smooth = cv2.resize(coarse, (1024, 768), interpolation=cv2.INTER_CUBIC)
    return np.clip(smooth + np.random.default_rng(8).normal(0, 3, smooth.shape), 0, 255).astype(np.uint8)


def test_the_folders_load_without_a_broken_engine():
    assert not [b for b in detect.discovery().broken if b.where.startswith("dam.")]
    assert not [b for b in compute.discovery().broken if b.where.startswith("dam.")]
    assert MARKERS
    assert {e.name for e in HASHES} >= {"phash64/luma512.1", "phash256/luma512.1"}


def test_no_two_engines_share_a_name():
    for engines in (detect.discovery().plugins, HASHES):
        names = [e.name for e in engines]
        assert len(names) == len(set(names))


@each_marker
def test_a_watermark_engine_describes_itself(engine):
    assert re.fullmatch(r"[a-z0-9]+(\.[A-Za-z0-9_-]+)+", engine.alg)
    assert engine.media <= {kind.value for kind in Kind}
    assert engine.capacity_bits > 0
    assert engine.min_short_side > 0


@each_marker
@pytest.mark.parametrize("mark_id", [0, 1, -1])
def test_what_is_embedded_is_detected(engine, mark_id, picture):
    mark_id %= 2**engine.id_bits
    assert engine.id_of(engine.value(mark_id, KEY)) == mark_id
    embedded = engine.embed(picture, mark_id, KEY)
    found = engine.detect(embedded.pixels, KEY, effort="fast", budget_s=5)
    assert (found.mark_id, found.verified, found.effort) == (mark_id, True, "fast")
    assert 0 < found.p_false < 1e-6
    assert embedded.pixels.shape == picture.shape
    assert embedded.psnr_db > 36


@each_marker
def test_embedding_is_deterministic_and_leaves_the_original(engine, picture):
    before = picture.copy()
    with ThreadPoolExecutor(4) as pool:
        copies = list(pool.map(lambda _: engine.embed(picture, 99, KEY).pixels, range(4)))
    assert all((copy == copies[0]).all() for copy in copies)
    assert (picture == before).all()


@each_marker
def test_an_unmarked_picture_or_another_key_gives_none(engine, picture):
    assert engine.detect(picture, KEY, effort="fast", budget_s=5) is None
    if engine.keyed:
        marked = engine.embed(picture, 5, KEY).pixels
        assert engine.detect(marked, bytes(32), effort="fast", budget_s=5) is None


@each_marker
def test_a_picture_below_the_limit_is_refused(engine):
    with pytest.raises(PolicyError) as refused:
        engine.embed(np.zeros((engine.min_short_side - 1, 2000, 3), np.uint8), 1, KEY)
    assert refused.value.code == "mark.too_small"


@each_hash
def test_a_fingerprint_engine_keeps_its_own_examples(engine):
    examples = engine.examples()
    assert {e.alike for e in examples} == {True, False}
    for example in examples:
        distance = engine.distance(engine.compute(example.one), engine.compute(example.other))
        assert (distance <= engine.same_below) == example.alike
        assert not is_flat(example.one)


@each_hash
def test_codes_are_hex_of_the_stated_size_and_the_same_in_four_threads(engine):
    luma = engine.examples()[0].one
    with ThreadPoolExecutor(4) as pool:
        codes = set(pool.map(engine.compute, [luma] * 8))
    assert len(codes) == 1
    assert re.fullmatch(f"[0-9a-f]{{{engine.bits // 4}}}", codes.pop())
    assert 0 < engine.same_below < engine.bits


@each_hash
@pytest.mark.parametrize("shape", [(1, 1), (1, 512), (512, 3), (17, 512)])
def test_any_shape_of_luma_gives_a_code(engine, shape):
    code = engine.compute(np.full(shape, 9, np.uint8))
    assert engine.distance(code, code) == 0
