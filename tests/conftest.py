"""What all tests share: Hypothesis profiles, and where real files of other projects lie, if they do."""

import os
from pathlib import Path

import pytest
from hypothesis import HealthCheck, settings

settings.register_profile(
    "commit", max_examples=60, deadline=None, suppress_health_check=[HealthCheck.too_slow], derandomize=True
)
settings.register_profile("nightly", max_examples=2_000, deadline=None, suppress_health_check=list(HealthCheck))
settings.load_profile(os.environ.get("HYPOTHESIS_PROFILE", "commit"))

SHARED = Path(__file__).resolve().parents[1].parent / "shared"


@pytest.fixture(scope="session")
def shared() -> Path:
    """The folder of real files beside the checkout; tests that need it say so when it is absent."""
    if not (SHARED / "data").is_dir():
        pytest.skip("needs ../shared/data (real files, not part of the project)")
    return SHARED


@pytest.fixture(autouse=True)
def _no_settings_from_outside(monkeypatch: pytest.MonkeyPatch) -> None:
    """Tests see no library, token or person of the one who runs them."""
    for name in [n for n in os.environ if n.startswith("DAM_")]:
        monkeypatch.delenv(name)
