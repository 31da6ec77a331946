"""Statuses, time stamps and flags, from validation results as the library writes them."""

import re
from dataclasses import replace

import pytest

from dam.model import Credentials, CredentialState, Stamp, Status
from dam.provenance import sentences, statuses
from dam.provenance.verdict import judge_bytes

WHEN = "2026-03-26T18:28:00+00:00"


def results(**kinds):
    return {
        "activeManifest": {kind: [{"code": c, "explanation": e} for c, e in found] for kind, found in kinds.items()}
    }


def stamp_of(*success, informational=()):
    return statuses.stamp(statuses.collect(results(success=success, informational=informational), {}), WHEN)


DIGEST = ("timeStamp.validated", "timestamp message digest matched: Acme TSA")


def test_a_listed_authority_makes_a_trusted_stamp():
    seen = stamp_of(DIGEST, ("timeStamp.trusted", "timestamp cert trusted: Acme TSA, trust list: tsa"))
    assert seen == Stamp("trusted", WHEN, "Acme TSA")


def test_our_own_authority_is_called_local():
    seen = stamp_of(DIGEST, ("timeStamp.trusted", "timestamp cert trusted: Our TSA, Ltd, trust list: organisation"))
    assert seen == Stamp("trusted", WHEN, "Our TSA, Ltd", local=True)


def test_an_authority_that_was_believed_without_a_list_is_not_trusted_and_the_note_says_so():
    legacy = ("timeStamp.trusted", "legacy timestamp cert trusted: Acme TSA")
    assert stamp_of(DIGEST, legacy) == Stamp("untrusted", WHEN, "Acme TSA")
    assert statuses.notes(statuses.collect(results(success=[legacy]), {})) == (statuses.LEGACY_STAMP,)


@pytest.mark.parametrize("code", ["timeStamp.mismatch", "timeStamp.malformed", "timeStamp.outsideValidity"])
def test_a_stamp_that_does_not_hold_gives_no_time(code):
    seen = stamp_of(informational=[(code, "timestamp message digest did not match: Acme TSA")])
    assert seen == Stamp("invalid", None, "Acme TSA")


def test_a_sentence_that_reads_otherwise_names_nobody():
    seen = stamp_of(("timeStamp.validated", "ok"), ("timeStamp.trusted", "trusted by the list of fools: organisation"))
    assert seen == Stamp("untrusted", WHEN, None)
    assert statuses.stamp((), None) == Stamp()


def test_an_exclusion_elsewhere_is_a_disagreement_unless_the_hash_differs_too():
    misplaced = ("assertion.dataHash.mismatch", "data hash exclusion does not match the manifest location in the asset")
    unequal = ("assertion.dataHash.mismatch", "asset hash error, error: hash verification( Hashes do not match )")
    assert statuses.notes(statuses.collect(results(failure=[misplaced]), {})) == (statuses.DISAGREEMENT,)
    assert statuses.notes(statuses.collect(results(failure=[misplaced, unequal]), {})) == ()


def test_what_a_signer_wrote_down_of_an_ingredient_is_not_healed():
    own = {"ingredients": [{"validation_status": [{"code": "assertion.dataHash.mismatch"}]}]}
    seen = statuses.collect({}, own)
    assert seen == (Status("assertion.dataHash.mismatch", of="recorded"),)
    assert statuses.has_ingredient_problem(seen)
    assert not statuses.has_ingredient_problem([Status(statuses.UNTRUSTED, of="ingredient")])


@pytest.mark.parametrize(
    "junk", [None, [], "x", {"activeManifest": 3}, {"ingredientDeltas": [{"validationDeltas": 1}]}]
)
def test_results_of_any_shape_give_no_statuses(junk):
    assert statuses.collect(junk if isinstance(junk, dict) else {}, {"ingredients": junk}) == ()


def test_redactions_are_listed_once():
    assert statuses.redacted([{"redactions": ["a", "a", 3]}, {"redactions": "b"}, {}]) == ("a",)


def test_a_verdict_keeps_every_status_with_its_words(signed_png, store):
    data = bytearray(signed_png.data)
    data[data.rindex(b"IDAT") + 200] ^= 1
    seen = judge_bytes(bytes(data), "image/png", store)
    failed = {s.code: s.explanation for s in seen.statuses if s.kind == "failure" and s.of == "active"}
    assert set(failed) == {c for c in seen.codes if not c.startswith("ingredient:")}
    assert all(failed.values())


# -- sentences


def all_sentences():
    tables = (sentences.STATES, sentences.STAMPS, sentences.NOTES, sentences.CODES, sentences.TIERS)
    return [words for table in tables for words in table.values()]


def test_no_sentence_accuses_anybody():
    for words in all_sentences():
        assert not re.search(r"tamper|fake|forge|manipulat|fraud|authentic\b", words, re.IGNORECASE), words


def test_every_state_stamp_and_note_has_its_sentence():
    assert set(sentences.STATES) == set(CredentialState)
    assert set(sentences.STAMPS) == {"trusted", "untrusted", "invalid", "none"}
    assert {statuses.DISAGREEMENT, statuses.LEGACY_STAMP} == set(sentences.NOTES)


@pytest.mark.parametrize(
    "name", ["cawg.ica.new", "assertion.new.thing", "signingCredential.new", "what.ever", "", "ingredient:x"]
)
def test_a_code_that_nobody_has_seen_still_gets_words(name):
    assert sentences.code(name).endswith(".")


def test_an_ingredients_code_says_whose_it_is():
    assert sentences.code("ingredient:claimSignature.mismatch").startswith("Of an ingredient: The signature")


def test_flags_are_said_beside_the_state():
    verdict = Credentials(
        CredentialState.TRUSTED, tier="official", identity_problem=True, ingredient_problem=True, redacted=("a", "b"),
        timestamp=Stamp("trusted", WHEN, "Us", local=True), notes=("validators_disagree", "unheard_of"),
    )  # fmt: skip
    said = sentences.flags(verdict)
    assert said == [
        sentences.STAMPS["trusted"], sentences.LOCAL_STAMP, sentences.IDENTITY_PROBLEM, sentences.INGREDIENT_PROBLEM,
        sentences.REDACTED.format(count=2), sentences.NOTES["validators_disagree"],
    ]  # fmt: skip
    assert (
        sentences.flags(replace(verdict, state=CredentialState.NONE, timestamp=Stamp()))[0] != sentences.STAMPS["none"]
    )
    assert "official" in sentences.state(verdict)
