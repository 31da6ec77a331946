"""The committed JSON Schemas are those of the wire models."""

import pytest

from dam_schemas.publish import PUBLISHED, published_text, schema_text


@pytest.mark.parametrize("name", sorted(PUBLISHED))
def test_committed_schema_is_what_the_wire_model_says(name: str) -> None:
    assert published_text(name) == schema_text(name), "run: python -m dam_schemas.publish"
