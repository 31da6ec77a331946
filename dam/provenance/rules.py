"""The conformance programme's asset rules, one function each: it gives what offends, nothing where the rule is met.

A port of "C2PA Asset Conformance 0.2 Spec 2.4 Rubric" (31 rules) and "C2PA Asset Integrity Rubric" (6 rules), version
1.0 of 2026-08-06, by the C2PA Conformance Task Force (https://github.com/c2pa-org/conformance-public, asset-rubrics),
used under CC BY 4.0 (https://creativecommons.org/licenses/by/4.0/). Changed: expressions in json-formula became Python;
the sentences are ours; rules that only answer yes or no name what offends as well. Which files pass is unchanged, even
where the rubric is laxer than the specification: labels are compared as they are written, so `c2pa.ingredient__1` is not
taken for the deprecated `c2pa.ingredient`. Sections are those of the C2PA specification that the rubric names.
"""

from collections.abc import Callable, Iterable
from dataclasses import dataclass
from typing import Any, Literal

from dam.provenance.crjson import ACTIONS, CREATED, OPENED, GapError, View, among, count, holds, member, word
from dam.provenance.rulelists import (
    ALLOWED_ACTIONS,
    ALLOWED_ASSERTIONS,
    DEPRECATED_ACTIONS,
    DEPRECATED_ASSERTIONS,
    INCEPTIONS,
    MALFORMED_CODES,
    MISMATCH_CODES,
    NON_EDITORIAL,
    PARAMETERS,
    RELATIONSHIPS,
    UNTRUSTED_CODES,
)

SPEC_VERSION = "2.4"
Level = Literal["fail", "warn"]
Check = Callable[[View], Iterable[Any]]
_EXTERNAL = ("c2pa.actions", "c2pa.actions.v2", "c2pa.cloud-data", "c2pa.external-reference")
_HUMAN = ("humanEntry.anonymous", "humanEntry.credentialed")
_TIFF = ("image/tiff", "image/x-adobe-dng")
_PRESERVED = "exif.originalPreservationImage"


@dataclass(frozen=True, slots=True)
class Rule:
    """`demand` says what a file has to do; `section` where the specification asks for it (None: the programme does)."""

    id: str
    demand: str
    check: Check
    section: str | None = None
    level: Level = "fail"


def _source_type(view: View) -> Iterable[Any]:
    for one in view.actions:
        name = member(one, "action")
        exempt = among(name, INCEPTIONS | NON_EDITORIAL | {"c2pa.placed"})
        if word(name).startswith("c2pa.") and not exempt and not _has(one, "digitalSourceType"):
            yield name


def _spec_version(view: View) -> Iterable[Any]:
    info = member(view.claim, "claim_generator_info")
    first = info[0] if isinstance(info, list) and info else None
    stated = member(first, "specVersion") or member(info, "specVersion")
    if stated is None:
        yield "missing"
    elif not isinstance(stated, str) or stated.split(".")[:2] != SPEC_VERSION.split("."):
        yield stated


def _all_actions(view: View) -> Iterable[Any]:
    for label, one in view.assertions.items():
        if _has(one, "actions") and not _has(one, "allActionsIncluded"):
            yield label


def _opened_source_type(view: View) -> Iterable[Any]:
    stated = (member(one, "digitalSourceType") for one in view.named(OPENED))
    return [one for one in stated if one is not None]


def _results_present(view: View) -> Iterable[Any]:
    return ["missing"] if member(view.manifest, "validationResults") is None else []


def _failures(codes: frozenset[str]) -> Check:
    def check(view: View) -> Iterable[Any]:
        found = (member(one, "code") for one in view.failures)
        return [code for code in found if among(code, codes)]

    return check


def _inception(view: View) -> Iterable[Any]:
    created = member(view.claim, "created_assertions")
    entries = created if isinstance(created, list) else []
    urls = [member(one, "url") for one in entries if holds(member(one, "url"), "c2pa.actions")]
    if not urls or not word(urls[0]).endswith(ACTIONS):
        yield urls[0] if urls else "no actions among the created assertions"
    elif view.named(CREATED) and not among(member(view.actions[0], "action"), INCEPTIONS):
        yield member(view.actions[0], "action")


def _deprecated_assertions(view: View) -> Iterable[Any]:
    return [one for one in view.assertions if one.startswith("stds.") or one in DEPRECATED_ASSERTIONS]


def _unsupported_assertions(view: View) -> Iterable[Any]:
    known = ALLOWED_ASSERTIONS | DEPRECATED_ASSERTIONS
    return [one for one in view.assertions if one.startswith("c2pa.") and one.split("__")[0] not in known]


def _deprecated_actions(view: View) -> Iterable[Any]:
    return [name for name in _names(view) if among(name, DEPRECATED_ACTIONS)]


def _unsupported_actions(view: View) -> Iterable[Any]:
    return [name for name in _names(view) if word(name).startswith("c2pa.") and name not in ALLOWED_ACTIONS]


def _plain_assertions(view: View) -> Iterable[Any]:
    return [one for one in view.assertions if "." not in one]


def _plain_actions(view: View) -> Iterable[Any]:
    return [name for name in _names(view) if not word(name).startswith("c2pa.") and not holds(name, ".")]


def _plain_parameters(view: View) -> Iterable[Any]:
    for _, parameters in _with_parameters(view):
        if not isinstance(parameters, dict):
            raise GapError
        yield from (name for name in parameters if name not in PARAMETERS and "." not in name)


def _legacy_parameters(view: View) -> Iterable[Any]:
    for one, parameters in _with_parameters(view):
        if _has(parameters, "description") or _has(parameters, "ingredient"):
            yield member(one, "action") or "unknown"


def _urn(view: View) -> Iterable[Any]:
    label = member(view.manifest, "label")
    return [] if word(label).startswith("urn:c2pa:") else [label]


def _ratings(view: View) -> Iterable[Any]:
    for label, one in view.assertions.items():
        if _has(one, "reviewRatings") and among(member(member(one, "dataSource"), "type"), _HUMAN):
            yield label


def _results_without_manifest(view: View) -> Iterable[Any]:
    return _ingredients(view, lambda one: _has(one, "validationResults") and not _has(one, "activeManifest"))


def _manifest_without_results(view: View) -> Iterable[Any]:
    return _ingredients(view, lambda one: _has(one, "activeManifest") and not _has(one, "validationResults"))


def _relationships(view: View) -> Iterable[Any]:
    stated = (one["relationship"] for one in view.ingredients.values())
    return [one for one in stated if not among(one, RELATIONSHIPS)]


def _created_source_type(view: View) -> Iterable[Any]:
    return [CREATED for one in view.named(CREATED) if not _has(one, "digitalSourceType")]


def _claim_fields(view: View) -> Iterable[Any]:
    return ["specVersion in claim"] if _has(view.claim, "specVersion") else []


def _manifest_and_source_type(view: View) -> Iterable[Any]:
    return _ingredients(view, lambda one: _has(one, "activeManifest") and _has(one, "digitalSourceType"))


def _preserved_original(view: View) -> Iterable[Any]:
    for label, one in view.assertions.items():
        parameters = member(one, "parameters")
        if _PRESERVED in (member(one, "type"), member(parameters, "type")) and (
            _has(parameters, "multiAssetPartIndex") == _has(parameters, "embeddedOriginalPreservationImage")
        ):
            yield label


def _external_references(view: View) -> Iterable[Any]:
    for one in view.assertions.values():
        if _has(one, "label") and _has(one, "url") and not _has(one, "relationship"):
            label = word(one["label"])
            if label in _EXTERNAL or label.startswith(("c2pa.hash", "c2pa.ingredient")):
                yield label


def _hash_urls(view: View) -> Iterable[Any]:
    """The first hash assertion that has a `url` member at all is the one that is looked at."""
    for label in ("c2pa.hash.data", "c2pa.hash.bmff.v3"):
        url = member(view.stated(label), "url")
        if url is not None:
            return [label] if url else []
    return []


def _resaved(view: View) -> Iterable[Any]:
    if len(view.actions) != 1 or member(view.stated(ACTIONS), "allActionsIncluded") is True:
        return []
    return [OPENED for _ in view.named(OPENED)]


def _opened_ingredient(view: View) -> Iterable[Any]:
    for one in view.named(OPENED):
        named = member(member(one, "parameters"), "ingredients")
        if named is None or count(named) != 1:
            yield OPENED


def _tiff_boxes(view: View) -> Iterable[Any]:
    kind = member(view.stated("c2pa.asset-type.v2"), "dc:format")
    boxed = "c2pa.hash.boxes" in view.assertions
    return ["c2pa.hash.boxes"] if boxed and among(kind, _TIFF) else []


def _names(view: View) -> list[Any]:
    return [member(one, "action") for one in view.actions]


def _with_parameters(view: View) -> list[tuple[Any, Any]]:
    found = ((one, member(one, "parameters")) for one in view.actions)
    return [(one, parameters) for one, parameters in found if parameters is not None]


def _ingredients(view: View, wrong: Callable[[Any], bool]) -> list[str]:
    return [label for label, one in view.ingredients.items() if wrong(one)]


def _has(value: object, name: str) -> bool:
    return member(value, name) is not None


CONFORMANCE: tuple[Rule, ...] = (
    Rule(
        "validation:mandatory_dst_for_perceptible_transformations",
        "Every C2PA action that changes what is seen or heard states its digital source type.",
        _source_type,
    ),
    Rule(
        "validation:mandatory_spec_version",
        f"The claim generator states that it follows version {SPEC_VERSION} of the specification.",
        _spec_version,
    ),
    Rule(
        "validation:mandatory_all_actions_included",
        "Every actions assertion says whether it lists all actions.",
        _all_actions,
    ),
    Rule(
        "validation:no_dst_for_opened_action",
        "No c2pa.opened action states a digital source type.",
        _opened_source_type,
    ),
    Rule("validation:well_formed_data_present", "The structure was checked: results are there.", _results_present),
    Rule("validation:well_formed_success", "The validator found nothing malformed.", _failures(MALFORMED_CODES)),
    Rule("validation:valid_data_present", "The contents were checked: results are there.", _results_present),
    Rule("validation:valid_success", "The validator found no mismatch.", _failures(MISMATCH_CODES)),
    Rule(
        "validation:inception_action_position",
        "The first created actions assertion is of version 2 and begins with c2pa.created or c2pa.opened.",
        _inception,
        "2.2 §18.14.2",
    ),
    Rule(
        "validation:no_deprecated_assertions",
        "No assertion is of a deprecated kind.",
        _deprecated_assertions,
        "2.2 §6.3, App. C.1",
    ),
    Rule(
        "validation:no_unsupported_assertions",
        "Every c2pa.* assertion is one that the specification defines.",
        _unsupported_assertions,
        "2.2 §6.2, §6.2.2, §6.3",
    ),
    Rule(
        "validation:no_deprecated_actions",
        "No action is of a deprecated kind.",
        _deprecated_actions,
        "2.2 §18.14.11, App. C.1",
    ),
    Rule(
        "validation:no_unsupported_actions",
        "Every c2pa.* action is one that the specification defines.",
        _unsupported_actions,
        "2.2 §18.14, §18.14.12",
    ),
    Rule(
        "validation:no_unrecognized_custom_assertions",
        "Every assertion of one's own has a name with a dot.",
        _plain_assertions,
        "2.2 §6.2.2",
    ),
    Rule(
        "validation:no_unrecognized_custom_actions",
        "Every action of one's own has a name with a dot.",
        _plain_actions,
        "2.2 §18.14, §18.14.12",
    ),
    Rule(
        "validation:no_unrecognized_custom_action_parameters",
        "Every action parameter of one's own has a name with a dot.",
        _plain_parameters,
        "2.2 §18.14.4.7",
    ),
    Rule(
        "validation:discouraged_legacy_action_parameters",
        "Descriptions and ingredients stand where version 2 of the actions assertion wants them.",
        _legacy_parameters,
        "2.2 §18.14.4.1, §18.14.12",
        "warn",
    ),
    Rule("validation:active_manifest_urn", "The manifest's name begins with urn:c2pa:.", _urn, "2.2 §8.1, §10.2.1"),
    Rule(
        "validation:review_ratings_datasource",
        "What a person entered carries no review ratings.",
        _ratings,
        "2.2 §18.3.3",
    ),
    Rule(
        "validation:ingredient_v3_no_active_manifest",
        "An ingredient without a manifest has no validation results.",
        _results_without_manifest,
        "2.2 §18.15.12.4.3",
    ),
    Rule(
        "validation:ingredient_v3_mandatory_validation_results",
        "An ingredient with a manifest has validation results.",
        _manifest_without_results,
        "2.2 §18.15.12.4.3",
    ),
    Rule(
        "validation:ingredient_relationship_values",
        "Every ingredient is a parent, an input or a component.",
        _relationships,
        "2.2 §18.15.3",
    ),
    Rule(
        "validation:mandatory_dst_for_created_action",
        "Every c2pa.created action states a digital source type.",
        _created_source_type,
        "2.2 §18.14.2, §18.14.4.5",
    ),
    Rule(
        "validation:no_deprecated_claim_fields",
        "The version of the specification stands with the claim generator, not in the claim.",
        _claim_fields,
        "2.4 §10.2.3.2, §10.2.1",
    ),
    Rule(
        "validation:ingredient_v3_choice",
        "An ingredient has a manifest or a digital source type, not both.",
        _manifest_and_source_type,
        "2.4 §18.16.12.3",
    ),
    Rule(
        "validation:alternative_content_representation_choice",
        "A preserved original is named by its part or embedded: one of the two.",
        _preserved_original,
        "2.4 §15.10.3.2.7",
    ),
    Rule(
        "validation:forbidden_labels_in_external_references",
        "No external reference stands for actions, hashes, ingredients, cloud data or another reference.",
        _external_references,
        "2.4 §15.10.3.2.2, §18.24.1",
    ),
    Rule("validation:no_url_in_hashes", "No hash assertion has the deprecated url.", _hash_urls, "2.4 §18.5, §18.6"),
    Rule(
        "validation:all_actions_included_opened",
        "A file that was opened and saved, and nothing else, says that all actions are listed.",
        _resaved,
        "2.4 §18.15.3",
    ),
    Rule(
        "validation:opened_action_ingredient_reference",
        "Every c2pa.opened action names exactly one ingredient.",
        _opened_ingredient,
        "2.4 §15.10.3.2.3, §18.15.4.7",
    ),
    Rule(
        "validation:no_box_hash_for_tiff",
        "A TIFF or DNG file is not bound by a box hash.",
        _tiff_boxes,
        "2.4 §18.7.3.3, §15.10.1.2",
    ),
)

INTEGRITY: tuple[Rule, ...] = (
    *(one for one in CONFORMANCE if one.check is _results_present or one.id.endswith("_success")),
    Rule("validation:trusted_data_present", "Trust was checked: results are there.", _results_present),
    Rule("validation:trusted_success", "The validator trusts the signer.", _failures(UNTRUSTED_CODES)),
)
