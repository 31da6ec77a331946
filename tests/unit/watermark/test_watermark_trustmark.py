"""TrustMark's frame: weights that are checked, a payload that proves itself, and answers of networks that nobody trained."""

import cv2
import numpy as np
import onnx
import pytest
from onnx import TensorProto, helper

from dam.errors import EngineError, PolicyError, UsageError
from dam.watermark.engines import trustmark
from dam.watermark.engines.trustmark import TrustMark, Weights
from tests.support.networks import write_pair
from tests.unit.watermark.conftest import KEY

OTHER = bytes(reversed(range(32)))
ID = 0xA5_0123_4567


@pytest.fixture(scope="module")
def folder(tmp_path_factory):
    return tmp_path_factory.mktemp("weights")


@pytest.fixture(scope="module")
def engine(folder):
    return TrustMark(Weights(folder, "Q", write_pair(folder)))


@pytest.fixture(scope="module")
def picture():
    coarse = np.random.default_rng(3).integers(0, 256, (9, 12, 3), dtype=np.uint8)
    return cv2.resize(coarse, (800, 600), interpolation=cv2.INTER_CUBIC)


def test_without_weights_it_says_so_and_offers_nothing():
    bare = TrustMark()
    assert not bare.available().ready
    assert "trustmark_weights" in bare.available().reason
    with pytest.raises(EngineError, match="not ready"):
        bare.embed(np.zeros((300, 300, 3), np.uint8), 1, KEY)


def test_the_bytes_are_checked_before_they_are_run(folder, engine, tmp_path):
    """With the digests that Adobe's files have, the tiny pair is refused; a missing file is named; P needs a digest."""
    refused = TrustMark(Weights(folder)).available()
    assert not refused.ready
    assert "19b3d1b25836130f" in refused.reason
    missing = TrustMark(Weights(tmp_path)).available()
    assert "encoder_Q.onnx is not in" in missing.reason
    assert "trustmark_sha256" in TrustMark(Weights(folder, "P")).available().reason
    assert engine.available().ready


def test_weights_that_come_later_are_taken_without_a_restart(tmp_path):
    digests = write_pair(tmp_path / "elsewhere")
    late = TrustMark(Weights(tmp_path / "here", "Q", digests))
    assert not late.available().ready
    write_pair(tmp_path / "here")
    assert late.available().ready


@pytest.mark.parametrize("made", [b"", b"no network", b"\x08\x0a" * 500])
def test_what_is_no_network_is_a_sentence(made, tmp_path):
    import hashlib

    for name in ("encoder_Q.onnx", "decoder_Q.onnx"):
        (tmp_path / name).write_bytes(made)
    digest = hashlib.sha256(made).hexdigest()
    found = TrustMark(Weights(tmp_path, "Q", (digest, digest))).available()
    assert not found.ready
    assert "no network that onnxruntime can run" in found.reason


def test_networks_with_other_inputs_are_refused(folder, tmp_path):
    one, other = write_pair(tmp_path)
    (tmp_path / "encoder_Q.onnx").rename(tmp_path / "kept")
    (tmp_path / "decoder_Q.onnx").rename(tmp_path / "encoder_Q.onnx")
    (tmp_path / "kept").rename(tmp_path / "decoder_Q.onnx")
    found = TrustMark(Weights(tmp_path, "Q", (other, one))).available()
    assert "other inputs" in found.reason


def test_a_decoder_with_another_number_of_bits_is_an_engine_error(folder, engine, picture, tmp_path):
    import hashlib

    encoder, _ = write_pair(tmp_path)
    node = helper.make_node("ReduceMean", ["seen"], ["bits"], keepdims=0)
    shape = {"seen": [1, 3, 256, 256], "bits": []}
    values = [helper.make_tensor_value_info(n, TensorProto.FLOAT, s) for n, s in shape.items()]
    made = helper.make_model(
        helper.make_graph([node], "odd", values[:1], values[1:]), opset_imports=[onnx.helper.make_opsetid("", 18)]
    )
    made.ir_version = 10
    (tmp_path / "decoder_Q.onnx").write_bytes(made.SerializeToString())
    digest = hashlib.sha256(made.SerializeToString()).hexdigest()
    odd = TrustMark(Weights(tmp_path, "Q", (encoder, digest)))
    with pytest.raises(EngineError, match="another number of bits"):
        odd.detect(picture, KEY, effort="fast", budget_s=5)


def test_a_mark_is_read_after_what_the_world_does(engine, picture):
    made = engine.embed(picture, ID, KEY)
    assert made.survived == {"none": True, "resize_half_jpeg75": True}
    half = cv2.resize(made.pixels, None, fx=0.5, fy=0.5, interpolation=cv2.INTER_AREA)
    assert engine.detect(half, KEY, effort="fast", budget_s=5).mark_id == ID
    turned = np.ascontiguousarray(np.rot90(made.pixels)[:, ::-1])
    assert engine.detect(turned, KEY, effort="fast", budget_s=5) is None
    found = engine.detect(turned, KEY, effort="deep", budget_s=60)
    assert (found.mark_id, found.effort, found.transform.flipped) == (ID, "deep", True)
    assert found.p_false < 1e-8


def test_no_mark_and_no_key_of_ours_is_nothing(engine, picture):
    made = engine.embed(picture, ID, KEY)
    assert engine.detect(made.pixels, OTHER, effort="deep", budget_s=60) is None
    assert engine.detect(picture, KEY, effort="deep", budget_s=60) is None
    for seed in range(100):
        noise = np.random.default_rng(seed).integers(0, 256, (300, 300, 3), dtype=np.uint8)
        assert engine.detect(noise, KEY, effort="deep", budget_s=60) is None


def test_the_payload_is_the_word_that_trustmark_itself_writes():
    """61 data bits, 35 of parity, schema 0001; with whole bytes of data, as its data layer encodes them."""
    bits = trustmark.bits_of(ID, KEY)
    assert len(bits) == 100
    assert bits[-4:] == [0, 0, 0, 1]
    value = TrustMark().value(ID, KEY)
    assert value == "1*" + "".join(str(bit) for bit in bits[:61])
    assert TrustMark().id_of(value) == ID


@pytest.mark.parametrize("value", ["", "1*", "2*" + "0" * 61, "1*" + "0" * 60 + "2", "a50123456700", "1*" + "0" * 62])
def test_other_values_are_refused(value):
    with pytest.raises(UsageError):
        TrustMark().id_of(value)


def test_a_long_picture_is_marked_in_its_middle_square(engine, picture):
    wide = cv2.resize(picture, (1600, 400))
    made = engine.embed(wide, ID, KEY)
    assert engine.detect(made.pixels, KEY, effort="fast", budget_s=5).mark_id == ID
    changed = np.abs(made.pixels.astype(int) - wide).max(axis=(0, 2))
    assert changed[:600].max() == changed[1000:].max() == 0
    assert changed[700:900].min() > 0


def test_grey_stays_grey_and_a_strength_is_kept(engine, picture):
    grey = np.ascontiguousarray(picture[..., 1])
    made = engine.embed(grey, ID, KEY)
    assert made.pixels.shape == grey.shape
    assert engine.detect(made.pixels, KEY, effort="fast", budget_s=5).mark_id == ID
    assert abs(engine.embed(picture, ID, KEY, strength_db=42.0).psnr_db - 42) < 1


def test_what_cannot_be_marked_is_refused(engine, picture):
    with pytest.raises(PolicyError):
        engine.embed(picture[:100, :100].copy(), ID, KEY)
    with pytest.raises(UsageError):
        engine.embed(picture, 2**40, KEY)
    with pytest.raises(UsageError):
        engine.embed(picture.astype(np.float32), ID, KEY)
    with pytest.raises(UsageError):
        engine.embed(picture, ID, KEY, strength_db=99.0)
