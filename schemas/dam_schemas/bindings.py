"""The C2PA Soft Binding Resolution API's own shapes (OpenAPI 1.0.0); the names are the standard's."""

from pydantic import Field

from dam_schemas.base import Wire


class BindingQuery(Wire):
    """`value` is base64 of what the algorithm's assertions carry."""

    alg: str = Field(max_length=256)
    value: str = Field(max_length=4096)


class BindingMatch(Wire):
    manifestId: str  # noqa: N815  # the standard's name
    similarityScore: int = Field(ge=0, le=100)  # noqa: N815


class BindingResult(Wire):
    matches: list[BindingMatch]


class AlgorithmOut(Wire):
    alg: str


class AlgorithmsOut(Wire):
    watermarks: list[AlgorithmOut]
    fingerprints: list[AlgorithmOut]
