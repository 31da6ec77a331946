"""Real files of other projects, in a folder beside the checkout. They are never part of the project."""

import os
from pathlib import Path

import pytest

FOLDER = Path(os.environ.get("DAM_TEST_SHARED") or Path(__file__).resolve().parents[3] / "shared")
AI_METADATA = FOLDER / "data" / "ai-metadata"
TOOLS = FOLDER / "tools"

needs_ai_metadata = pytest.mark.skipif(
    not (AI_METADATA / "MANIFEST.tsv").is_file() or not (TOOLS / "score_metadata.py").is_file(),
    reason=f"the real files of other projects are not here ({AI_METADATA})",
)
