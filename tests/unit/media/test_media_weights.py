"""Headers of model files: what is read, and what a lying length leads to."""

import json
import struct

import pytest
from hypothesis import given
from hypothesis import strategies as st

from dam.media.probe import from_bytes
from dam.metadata.merge import merge
from dam.metadata.read import read_claims
from dam.model import Kind


def safetensors(metadata, *, tensors=3, length=None):
    header = {"__metadata__": metadata} if metadata else {}
    header |= {f"layer.{n}": {"dtype": "F16", "shape": [1], "data_offsets": [2 * n, 2 * n + 2]} for n in range(tensors)}
    data = json.dumps(header).encode()
    return struct.pack("<Q", len(data) if length is None else length) + data + b"\0" * 2 * tensors


def gguf(*pairs, count=None):
    data = b"GGUF" + struct.pack("<IQQ", 3, 1, len(pairs) if count is None else count)
    for key, value in pairs:
        data += struct.pack("<Q", len(key)) + key.encode()
        if isinstance(value, str):
            data += struct.pack("<IQ", 8, len(value)) + value.encode()
        elif isinstance(value, list):
            data += struct.pack("<IIQ", 9, 4, len(value)) + b"".join(struct.pack("<I", n) for n in value)
        else:
            data += struct.pack("<II", 4, value)
    return data


def model_claim(data):
    claims, problems = read_claims(from_bytes(data))
    assert problems == ()
    assert (merge(claims).ai_generated, merge(claims).generation) == (None, None)
    return next((claim for claim in claims if claim.reader == "model_file"), None)


def test_lora_says_its_base_model_its_title_and_the_tags_it_was_trained_on():
    tags = {"1_cats": {"cat": 30, "sofa": 4}, "2_dogs": {"dog": 7, "cat": 1}}
    given = {
        "modelspec.title": "Lantern style",
        "modelspec.architecture": "stable-diffusion-xl-v1-base/lora",
        "modelspec.hash_sha256": "0x" + "ab" * 32,
        "ss_sd_model_name": "lantern_xl.safetensors",
        "ss_network_dim": "32",
        "ss_tag_frequency": json.dumps(tags),
    }
    fields = model_claim(safetensors(given)).fields
    assert (fields["title"], fields["base_model"]) == ("Lantern style", "lantern_xl.safetensors")
    assert fields["architecture"] == "stable-diffusion-xl-v1-base/lora"
    assert fields["hash_sha256"] == "0x" + "ab" * 32
    assert list(fields["trained_tags"].items()) == [("cat", 31), ("dog", 7), ("sofa", 4)]


def test_metadata_of_a_header_longer_than_what_is_read_is_found_at_its_front():
    data = safetensors({"modelspec.title": "Large"}, tensors=80_000)
    assert len(data) > 4 << 20
    assert model_claim(data).fields["title"] == "Large"


def test_model_without_metadata_has_no_claim():
    assert model_claim(safetensors({})) is None


@pytest.mark.parametrize("length", [99_000_000, 10**6])
def test_header_that_claims_to_be_longer_than_the_file_is_a_problem_and_still_read(length):
    found = from_bytes(safetensors({"modelspec.title": "Cut"}, length=length))
    assert [p.code for p in found.problems] == ["safetensors.truncated"]
    assert found.media.kind is Kind.MODEL
    assert "Cut" in found.texts[0].text


def test_gguf_says_its_name_and_architecture_up_to_the_first_list():
    data = gguf(
        ("general.architecture", "flux"),
        ("general.name", "Lantern"),
        ("general.file_type", 7),
        ("tokens", [1, 2]),
        ("late", "x"),
    )
    fields = model_claim(data).fields
    assert (fields["architecture"], fields["title"], fields["quantization"]) == ("flux", "Lantern", "7")
    assert "late" not in fields["keys"]


def test_gguf_with_a_lying_count_is_a_problem():
    found = from_bytes(gguf(("general.name", "x"), count=2**60))
    assert [p.code for p in found.problems] == ["gguf.damaged"]
    assert "x" in found.texts[0].text


@given(st.binary(max_size=200))
def test_any_bytes_behind_the_magic_are_answered(tail):
    from_bytes(b"GGUF" + tail)
    from_bytes(struct.pack("<Q", len(tail)) + b'{"__metadata__":' + tail)
