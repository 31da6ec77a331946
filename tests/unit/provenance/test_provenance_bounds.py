"""Manifest stores that the SDK would take minutes for are not given to it."""

import io

import pytest

from dam.model import CredentialState
from dam.provenance import bounds
from dam.provenance.verdict import judge_bytes
from tests.support import containers

STORE = b"jumdc2as\0c2pa.assertions\0"
BOX = b"\0\0\0\x20jumbjumd"


@pytest.mark.parametrize(("count", "expected"), [(0, False), (2_000, False), (2_001, True)])
def test_assertions_of_one_claim_are_counted(count, expected):
    assert bounds.too_many_assertions(io.BytesIO(b"x" * 100 + STORE + BOX * count)) is expected


def test_many_claims_of_few_assertions_are_no_matter():
    assert not bounds.too_many_assertions(io.BytesIO((STORE + BOX * 900) * 20))


def test_a_store_that_lies_over_the_end_of_a_block_is_counted():
    for at in range((1 << 20) - 20, (1 << 20) + 2):
        assert bounds.too_many_assertions(io.BytesIO(bytes(at) + STORE + BOX * 2_100))


def test_such_a_file_is_unreadable_with_the_reason_and_a_signed_one_is_judged(signed_png):
    many = containers.png_chunks((b"caBX", STORE + BOX * 2_500))
    verdict = judge_bytes(many, "image/png", None)
    assert (verdict.state, verdict.codes) == (CredentialState.UNREADABLE, ("general.error",))
    assert "2000 assertions" in verdict.explanation[0]
    assert judge_bytes(signed_png.data, "image/png", None).state is CredentialState.UNTRUSTED_SIGNER
