"""All codes of one picture."""

from functools import cache

from dam import plugins
from dam.fingerprint import engines
from dam.fingerprint.contract import GROUP, FingerprintEngine, Luma, is_engine
from dam.model import FingerprintCode


@cache
def discovery() -> plugins.Discovery[FingerprintEngine]:
    """All engines, with those that could not be loaded and why. Looked up once per process; imports scipy."""
    return plugins.discover(engines, GROUP, is_engine)


def engine(name: str) -> FingerprintEngine | None:
    """Return the engine of that name, or None."""
    return next((e for e in discovery().plugins if e.name == name), None)


def compute_all(luma: Luma, *, frame_s: float = 0.0) -> tuple[FingerprintCode, ...]:
    """Codes of every engine, in the order of discovery.

    Args:
        luma: the canonical luma of `dam.media`, uint8 (H, W), long side <= 512 px.
        frame_s: where in a video the frame stands.
    """
    return tuple(FingerprintCode(e.name, e.compute(luma), e.bits, frame_s) for e in discovery().plugins)
