"""The published JSON Schemas: generated from the wire models, committed, and compared by a test.

python -m dam_schemas.publish writes them again after a wire model has changed.
"""

import json
from importlib.resources import files
from pathlib import Path

from pydantic import BaseModel

from dam_schemas import (
    answers,
    assertions,
    asset,
    bindings,
    cast,
    clusters,
    collections,
    cuts,
    evidence,
    inspect,
    keys,
    marks,
    trust,
)

PUBLISHED: dict[str, type[BaseModel]] = {
    "asset.v1": asset.AssetOut,
    "asset-detail.v1": asset.AssetDetailOut,
    "search-page.v1": asset.SearchPageOut,
    "lineage.v1": asset.LineageOut,
    "summary.v1": asset.SummaryOut,
    "delivered.v1": asset.DeliveredOut,
    "cluster.v1": clusters.ClusterOut,
    "stacked.v1": clusters.StackedOut,
    "unstacked.v1": clusters.UnstackedOut,
    "cut.v1": cuts.CutLineOut,
    "cut-check.v1": cuts.CutCheckOut,
    "cut-diff.v1": cuts.CutDiffOut,
    "collection.v1": collections.CollectionOut,
    "exported.v1": collections.ExportedOut,
    "character.v1": cast.CharacterOut,
    "term.v1": cast.TermOut,
    "tag.v1": cast.TagOut,
    "tagged.v1": cast.TaggedOut,
    "template.v1": cast.TemplateOut,
    "evidence.v1": evidence.EvidenceOut,
    "evidence-report.v1": evidence.EvidenceReportOut,
    "evidence-index.v1": evidence.EvidenceIndexOut,
    "root.v1": asset.RootOut,
    "inspection.v1": inspect.InspectionOut,
    "verify.v1": answers.VerifyOut,
    "rubric.v1": answers.RubricOut,
    "identify.v1": answers.IdentifyOut,
    "marked.v1": marks.MarkedOut,
    "mark-seen.v1": marks.MarkSeenOut,
    "binding-result.v1": bindings.BindingResult,
    "binding-algorithms.v1": bindings.AlgorithmsOut,
    "audit-entry.v1": answers.AuditEntryOut,
    "audit-verdict.v1": answers.AuditVerdictOut,
    "doctor.v1": answers.DoctorOut,
    "reparse.v1": answers.ReparseOut,
    "backup.v1": answers.BackupOut,
    "reparsed.v1": answers.ReparsedOut,
    "trust.v1": trust.TrustOut,
    "trust-import.v1": trust.TrustImportOut,
    "key.v1": keys.KeyOut,
    "rotation.v1": keys.RotationOut,
    "problem.v1": answers.ErrorOut,
    "assertion-actions.v1": assertions.ActionsAssertion,
    "assertion-soft-binding.v1": assertions.SoftBindingAssertion,
    "assertion-asset.v1": assertions.AssetAssertion,
    "assertion-generation.v1": assertions.GenerationAssertion,
    "assertion-disclosure.v1": assertions.DisclosureAssertion,
    "assertion-training-mining.v1": assertions.TrainingMiningAssertion,
    "assertion-metadata.v1": assertions.MetadataAssertion,
}


def schema_text(name: str) -> str:
    """The JSON Schema of one published model, as it is committed."""
    model = PUBLISHED[name]
    # what we print always has every member; what is signed leaves out what nothing is known of
    signed = issubclass(model, assertions.Assertion)
    schema = model.model_json_schema(mode="validation" if signed else "serialization")
    return json.dumps(schema, indent=2, ensure_ascii=False, sort_keys=True) + "\n"


def published_text(name: str) -> str:
    """The committed text."""
    return files("dam_schemas").joinpath("published", f"{name}.schema.json").read_text()


def write_all(folder: Path) -> None:
    for name in PUBLISHED:
        (folder / f"{name}.schema.json").write_text(schema_text(name))


if __name__ == "__main__":
    write_all(Path(__file__).parent / "published")
