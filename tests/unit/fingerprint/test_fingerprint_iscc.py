"""ISCC Image-Codes: the standard's form and ours lead to each other, and others' codes of the same picture are near."""

import iscc_lib
import pytest
from hypothesis import given
from hypothesis import strategies as st
from PIL import Image

from dam.errors import UsageError
from dam.fingerprint.engines.isccimage import PLUGIN, from_iscc, to_iscc
from dam.media.pixels import luma_of
from tests.support import pictures


@given(st.binary(min_size=32, max_size=32))
def test_both_forms_lead_to_each_other(digest):
    iscc = to_iscc(digest.hex())
    assert iscc.startswith("ISCC:EED")
    assert from_iscc(iscc) == from_iscc(iscc.removeprefix("ISCC:").lower()) == digest.hex()


@pytest.mark.parametrize("seed", range(6))
def test_the_code_of_the_whole_picture_by_the_standards_own_steps_is_near(seed):
    picture = pictures.painted(seed, 1400, 900)
    theirs = Image.fromarray(picture).convert("L").resize((32, 32), Image.Resampling.BICUBIC)
    code = from_iscc(iscc_lib.gen_image_code_v0(theirs.tobytes(), bits=256)["iscc"])
    assert PLUGIN.distance(PLUGIN.compute(luma_of(picture)), code) <= 12
    assert PLUGIN.distance(PLUGIN.compute(luma_of(pictures.painted(seed + 50, 1400, 900))), code) > 70


def other_isccs():
    text = iscc_lib.gen_text_code_v0("a text that is long enough", bits=256)["iscc"]
    short = iscc_lib.gen_image_code_v0(bytes(range(256)) * 4, bits=64)["iscc"]
    return [text, short, "", "ISCC:", "ISCC:EED", "ISCC:" + "A" * 60, "EED" + "0" * 52, "org.headwater", "\0" * 40]


@pytest.mark.parametrize("text", other_isccs())
def test_other_codes_are_refused(text):
    with pytest.raises(UsageError, match="not an ISCC Image-Code"):
        from_iscc(text)


@given(st.text(max_size=90))
def test_no_text_gets_past_with_another_error(text):
    try:
        code = from_iscc(text)
    except UsageError:
        return
    assert len(code) == 64
