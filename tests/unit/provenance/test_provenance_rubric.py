"""The conformance programme's rubrics on what we sign, on real files of others, and on what no file should hold."""

import csv
import io
import re

import pytest
from hypothesis import given
from hypothesis import strategies as st

from dam.provenance import compose, rubric, rulelists, rules, sdk, signals, signing
from dam.provenance.statement import IngredientEntry, Software, SourceType
from dam.provenance.trust import TrustStore
from tests.support import containers

MADE = {
    "image/png": lambda: containers._saved("PNG"),
    "image/jpeg": containers.jpeg,
    "image/webp": containers.webp,
    "image/tiff": lambda: containers._saved("TIFF"),
    "video/mp4": lambda: containers.video("mp4", "mpeg4", {}),
    "audio/wav": lambda: containers.sound("wav", "pcm_s16le", {}),
    "audio/mpeg": lambda: containers.sound("mp3", "libmp3lame", {}),
    "application/pdf": lambda: containers._saved("PDF"),
}
TOOL = Software(name="ComfyUI", version="0.3.40")
TRAINED = SourceType.TRAINED_ALGORITHMIC_MEDIA
FULLY = "inception:signal_fullyGenAIMedia"


def held(data, mime, store=None):
    return rubric.judge_stream(io.BytesIO(data), mime, store)


def broken(report):
    return {one.id.removeprefix("validation:"): one.matches for one in report.rules if not one.passed}


@pytest.mark.parametrize("mime", MADE)
def test_what_we_sign_as_made_by_a_tool_meets_all_31_rules_and_the_six_of_integrity(mime, ring, store):
    said = compose.creation(title="shot", tool=TOOL, source_type=TRAINED)
    signed = signing.sign_created(MADE[mime](), mime, statement=said, ring=ring, store=store)
    report = held(signed.data, mime, store)
    assert broken(report) == {}
    assert (report.passed, report.met, report.total) == (True, 31, 31)
    assert [one.passed for one in report.integrity] == [True] * 6
    assert [(one.label, one.inferred, one.signals) for one in report.signals] == [(signed.label, False, (FULLY,))]


@pytest.mark.parametrize("mime", MADE)
def test_a_signed_copy_of_anything_meets_all_31_rules_and_carries_the_signal_of_its_original(
    mime, sign, store, tmp_path
):
    original = tmp_path / "original"
    original.write_bytes(MADE[mime]())
    signed = sign(MADE[mime](), mime, original)
    report = held(signed.data, mime, store)
    assert broken(report) == {}
    assert [one.passed for one in report.integrity] == [True] * 6
    own, parent = report.signals
    assert own.signals == ("inception:signal_mediaUnknownProvenance", "transformation:signal_nonEditorial")
    assert (parent.label, parent.inferred, parent.signals) == (signed.label, True, (FULLY,))


@pytest.mark.parametrize("said", [{"mark": None}, {"mark": None, "source_type": None}, {"converted": True}])
def test_a_copy_without_mark_or_of_another_type_or_of_unknown_making_meets_all_31_rules(
    said, sign, store, tmp_path, picture
):
    original = tmp_path / "original.png"
    original.write_bytes(picture(seed=1))
    assert broken(held(sign(picture(seed=2), "image/png", original, **said).data, "image/png", store)) == {}


def test_a_copy_of_a_signed_file_meets_all_rules_and_its_parent_is_a_manifest(
    signed_png, sign, store, tmp_path, picture
):
    first = tmp_path / "first.png"
    first.write_bytes(signed_png.data)
    report = held(sign(picture(seed=9), "image/png", first).data, "image/png", store)
    assert broken(report) == {}
    assert [one.inferred for one in report.signals] == [False, False, True]
    assert report.signals[1].label == signed_png.label


def test_an_edit_with_components_and_inputs_meets_all_31_rules(ring, store, tmp_path, picture):
    files = []
    for number, name in enumerate(("base", "layer", "pose")):
        (tmp_path / name).write_bytes(picture(seed=number))
        files.append(signing.IngredientFile(name, str(tmp_path / name), "image/png"))
    roles = zip(("base", "layer", "pose"), ("parentOf", "componentOf", "inputTo"), strict=True)
    entries = [IngredientEntry(label=name, title=name, relationship=role) for name, role in roles]
    mixed = SourceType.COMPOSITE_WITH_TRAINED_ALGORITHMIC_MEDIA
    said = compose.creation(title="shot", tool=TOOL, source_type=mixed, ingredients=entries)
    signed = signing.sign_created(
        picture(seed=7), "image/png", statement=said, ring=ring, store=store, ingredients=files
    )
    report = held(signed.data, "image/png", store)
    assert broken(report) == {}
    assert "transformation:signal_perceptibleGenAI" in report.signals[0].signals


@pytest.mark.parametrize(
    ("kind", "signal"),
    [
        (SourceType.EMPTY, "blankCanvas"),
        (SourceType.DIGITAL_CAPTURE, "capturedMedia"),
        (SourceType.COMPUTATIONAL_CAPTURE, "capturedMedia"),
        (SourceType.COMPOSITE_CAPTURE, "capturedMediaStitched"),
        (SourceType.COMPOSITE, "compositionMayContainGenAI"),
        (SourceType.TRAINED_ALGORITHMIC_MEDIA, "fullyGenAIMedia"),
        (SourceType.DIGITAL_CREATION, "nonGenAIDigitalCreation"),
        (SourceType.COMPOSITE_WITH_TRAINED_ALGORITHMIC_MEDIA, "partlyGenAICreation"),
        (SourceType.SCREEN_CAPTURE, "screenCaptureMayContainGenAI"),
    ],
)
def test_the_source_type_that_we_state_gives_the_programmes_signal(kind, signal, ring, store, picture):
    said = compose.creation(title="shot", tool=TOOL, source_type=kind)
    signed = signing.sign_created(picture(), "image/png", statement=said, ring=ring, store=store)
    assert held(signed.data, "image/png", store).signals[0].signals == (f"inception:signal_{signal}",)


def test_a_signer_on_no_list_fails_the_trust_rule_of_integrity_and_no_rule_of_conformance(signed_png):
    report = held(signed_png.data, "image/png", TrustStore())
    assert (report.passed, report.met) == (True, 31)
    assert {one.id: one.matches for one in report.integrity if not one.passed} == {
        "validation:trusted_success": ("signingCredential.untrusted",)
    }


@pytest.mark.parametrize("data", [b"", b"GIF89a", b"\x89PNG\r\n\x1a\n", bytes(range(256)) * 8])
def test_a_file_without_a_readable_credential_has_no_report(data, store, picture):
    assert held(data, "image/png", store) is None
    assert held(picture(), "image/png", store) is None


def test_every_rule_has_a_sentence_and_only_one_of_them_warns():
    assert len(rules.CONFORMANCE) == 31
    assert len({one.id for one in rules.CONFORMANCE}) == 31
    assert len({one.demand for one in rules.CONFORMANCE}) == 31
    assert [one.id for one in rules.CONFORMANCE if one.level == "warn"] == [
        "validation:discouraged_legacy_action_parameters"
    ]


# -- whatever a document holds --------------------------------------------------------------------------------

NAMES = st.sampled_from(
    [
        "manifests", "assertions", "actions", "action", "c2pa.actions.v2", "c2pa.ingredient.v3", "parameters",
        "ingredients", "relationship", "activeManifest", "validationResults", "failure", "code", "claim.v2", "label",
        "claim_generator_info", "specVersion", "created_assertions", "gathered_assertions", "url", "digitalSourceType",
        "dataSource", "reviewRatings", "type", "allActionsIncluded", "c2pa.hash.data", "c2pa.hash.boxes", "dc:format",
        "c2pa.asset-type.v2",
    ]
)  # fmt: skip
WORDS = st.sampled_from(["c2pa.opened", "c2pa.created", "c2pa.edited", "x", "", "claim.missing", "parentOf"])
LEAVES = st.none() | st.booleans() | st.integers() | st.floats(allow_nan=False) | WORDS | st.text(max_size=5)
VALUES = st.recursive(
    LEAVES, lambda inner: st.lists(inner, max_size=4) | st.dictionaries(NAMES, inner, max_size=6), max_leaves=30
)


@given(st.dictionaries(NAMES, VALUES, max_size=8), VALUES)
def test_no_document_makes_the_rubric_raise(manifest, anything):
    for document in (anything, manifest, {"manifests": [manifest]}, {"manifests": [anything, manifest]}):
        report = rubric.evaluate(document)
        assert (report.total, len(report.integrity)) == (31, 6)
        assert report.passed == all(one.passed for one in report.rules if one.level == "fail")
        assert all(type(one) is str for result in report.rules for one in result.matches)


@given(st.lists(st.integers(0, 40_000), max_size=8), st.binary(min_size=8, max_size=8))
def test_no_damage_to_a_signed_file_makes_the_rubric_raise(signed_png, places, noise):
    data = bytearray(signed_png.data)
    for place, byte in zip(places, noise, strict=False):
        data[place % len(data)] = byte
    report = held(bytes(data), "image/png")
    assert report is None or report.total == 31


def test_a_value_of_a_kind_that_no_schema_allows_fails_the_rule_that_needs_it():
    actions = {"actions": [{"action": ["c2pa.opened"], "parameters": 3}]}
    found = broken(rubric.evaluate({"manifests": [{"label": {}, "assertions": {"c2pa.actions.v2": actions}}]}))
    for name in ("active_manifest_urn", "no_unsupported_actions", "no_unrecognized_custom_action_parameters"):
        assert found[name] == (rubric.UNJUDGED,)


def test_more_actions_than_any_real_manifest_has_are_not_judged_one_by_one():
    actions = {"actions": [{"action": "c2pa.converted"}] * 200_000, "allActionsIncluded": True}
    report = rubric.evaluate({"manifests": [{"assertions": {"c2pa.actions.v2": actions}}]})
    assert broken(report)["no_deprecated_actions"] == (rubric.UNJUDGED,)
    assert report.signals[0].signals == ("transformation:signal_nonEditorial",)


def test_matches_are_bounded_however_many_offend():
    actions = {"actions": [{"action": "p" * 5_000}] * 5_000}
    found = broken(rubric.evaluate({"manifests": [{"assertions": {"c2pa.actions.v2": actions}}]}))
    assert len(found["no_unrecognized_custom_actions"]) == rubric.MAX_MATCHES
    assert len(found["no_unrecognized_custom_actions"][0]) == rubric.MAX_MATCH_CHARS


# -- real files, where they are -------------------------------------------------------------------------------

REAL = {  # which rules fail and with what (its beginning), worked out by hand from the programme's expressions
    "wild-ai-generators/ChatGPT_Image_May_30__2026__10_31_08_AM.png": {
        "mandatory_spec_version": ("2.2.0",),
        "mandatory_all_actions_included": ("c2pa.actions.v2",),
    },
    "c2pa-python/C.dng": {"mandatory_spec_version": ("missing",)},
    "civitai/generated-1774549681450.png": {
        "mandatory_spec_version": ("missing",),
        "mandatory_all_actions_included": ("c2pa.actions.v2",),
    },
    "wild-ai-generators/firefly-1.png": {
        "mandatory_spec_version": ("missing",),
        "inception_action_position": ("no actions among the created assertions",),
        "no_unsupported_assertions": ("c2pa.thumbnail.claim.jpeg",),
        "active_manifest_urn": ("urn:uuid:",),
    },
    "c2pa-js/dashinit.mp4": {
        "mandatory_spec_version": ("missing",),
        "valid_success": ("assertion.bmffHash.mismatch",),
        "inception_action_position": ("no actions among the created assertions",),
        "no_deprecated_assertions": ("c2pa.hash.bmff.v2",),
        "active_manifest_urn": ("",),
    },
    "trustnxt-c2pa-ts/trustnxt-icon-signed-timestamp.jpg": {
        "mandatory_spec_version": ("missing",),
        "inception_action_position": ("no actions among the created assertions",),
        "active_manifest_urn": ("",),
    },
}


@pytest.fixture(scope="module")
def real(shared):
    """path -> (row of the truth table, report) of every real file that the SDK can read."""
    found = {}
    with (shared / "c2pa" / "MANIFEST.tsv").open() as table:
        for row in csv.DictReader(table, delimiter="\t"):
            path = shared / "c2pa" / row["path"]
            mime = "image/svg+xml" if path.suffix == ".svg" else ""
            report = rubric.judge(str(path), mime, None)
            if report is not None:
                found[row["path"]] = (row, report)
    return found


def test_real_generators_break_the_rules_that_their_manifests_break(real):
    for path, expected in REAL.items():
        seen = broken(real[path][1])
        assert seen.keys() == expected.keys(), path
        for name, matches in expected.items():
            assert all(a.startswith(b) for a, b in zip(seen[name], matches, strict=True)), (path, name)


def test_what_is_true_of_real_files_by_their_age_and_claim(real):
    assert len(real) >= 40
    for path, (row, report) in real.items():
        seen = broken(report)
        if row["claim_version"] == "1":  # claims of version 1 have neither urn:c2pa: nor created assertions
            assert {"mandatory_spec_version", "active_manifest_urn", "inception_action_position"} <= seen.keys(), path
        if "stds." in row["assertions"]:
            assert "no_deprecated_assertions" in seen, path
        codes = {*row["failure_codes"].split(",")}
        assert set(seen.get("valid_success", ())) == codes & rulelists.MISMATCH_CODES, path
        assert set(seen.get("well_formed_success", ())) == codes & rulelists.MALFORMED_CODES, path
        assert not report.passed, path  # none of them follows spec 2.4 yet


def test_files_of_openai_of_2026_say_fully_generated_and_non_editorial(real):
    _, report = real["wild-ai-generators/ChatGPT_Image_May_30__2026__10_31_08_AM.png"]
    assert {FULLY, "transformation:signal_nonEditorial"} <= set(report.signals[0].signals)


def test_ids_levels_and_lists_are_those_that_the_programme_publishes(shared):
    text = (shared / "conformance" / "asset-rubric-conformance0.2-spec2.4.yml").read_text()
    blocks = re.split(r"^- id: ", text, flags=re.MULTILINE)[1:]
    published = [(one.split("\n")[0], "warn" if "\n  warnIfMatched: true" in one else "fail") for one in blocks]
    assert [(one.id, one.level) for one in rules.CONFORMANCE] == published
    integrity = (shared / "conformance" / "asset-rubric-integrity.yml").read_text()
    assert [one.id for one in rules.INTEGRITY] == re.findall(r"^- id: (.*)$", integrity, re.MULTILINE)
    assert_lists(text, INCEPTIONS="inception_actions", NON_EDITORIAL="non_editorial_actions",
                 MALFORMED_CODES="well_formed_error_codes", MISMATCH_CODES="valid_error_codes",
                 RELATIONSHIPS="valid_relationship_values", ALLOWED_ASSERTIONS="allowed_assertions",
                 ALLOWED_ACTIONS="allowed_actions", DEPRECATED_ASSERTIONS="deprecated_assertion_labels",
                 DEPRECATED_ACTIONS="deprecated_action_labels", PARAMETERS="standard_parameters")  # fmt: skip
    assert_lists(integrity, UNTRUSTED_CODES="trust_error_codes")
    local = (shared / "conformance" / "asset-rubric-signals-local.yml").read_text()
    assert_lists(local, NON_EDITORIAL="non_editorial_actions", GENAI_TYPES="genai_dst_types",
                 MAYBE_GENAI_TYPES="possibly_genai_dst_types")  # fmt: skip
    named = {f"inception:signal_{name}" for name in signals._INCEPTION_TYPES} | {
        "inception:signal_mediaUnknownProvenance"
    }
    assert named == set(re.findall(r"^- id: (inception:.*)$", local, re.MULTILINE))


def assert_lists(text, **names):
    for ours, theirs in names.items():
        block = re.search(rf"^  \${theirs}:\n((?:  - .*\n(?:    .*\n)*)+)", text, re.MULTILINE).group(1)
        words = [
            one.removeprefix("- ").removeprefix("|-").split()[-1] for one in re.split(r"\n  (?=- )", block.strip())
        ]
        assert getattr(rulelists, ours) == set(words), ours


def test_crjson_puts_the_active_manifest_first(signed_png, sign, store, tmp_path, picture):
    first = tmp_path / "first.png"
    first.write_bytes(signed_png.data)
    second = sign(picture(seed=9), "image/png", first)
    document = sdk.read_crjson(io.BytesIO(second.data), "image/png", store.lists())
    assert [one["label"] for one in document["manifests"]] == [second.label, signed_png.label]
