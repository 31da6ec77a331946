"""IPTC digital source types: which of them say that a model made the picture.

The whole NewsCodes vocabulary of 2025, its retired terms, and C2PA's own additions. Left out on purpose, because they
say neither: `algorithmicMedia` (a procedure that learned nothing), `algorithmicallyEnhanced` (sharpened, denoised),
`composite`, `virtualRecording`, `softwareImage` (retired), C2PA's `empty`.
"""

import re

_AI = frozenset(
    [
        "trainedalgorithmicmedia",
        "compositewithtrainedalgorithmicmedia",
        "compositesynthetic",  # the conformance programme of C2PA counts it among generative AI
        "trainedalgorithmicdata",  # C2PA's own
        "algorithmicallyenhancedwithtrainedmedia",
    ]
)
_NOT_AI = frozenset(
    [
        "digitalcapture",
        "computationalcapture",
        "multiframecomputationalcapture",
        "negativefilm",
        "positivefilm",
        "print",
        "humanedits",
        "minorhumanedits",  # retired
        "digitalcreation",
        "digitalart",  # retired
        "datadrivenmedia",
        "compositecapture",
        "screencapture",
    ]
)
_MAX_CHARS = 120


def short(uri: str) -> str:
    """The term alone ("trainedAlgorithmicMedia"), from an IPTC, C2PA or schema.org URI, a prefixed name or the bare term."""
    term = re.split(r"[/#:]", uri.strip()[:1000].rstrip("/#:"))[-1].strip()[:_MAX_CHARS]
    if term.endswith("DigitalSource") and term != "DigitalSource":  # schema.org: TrainedAlgorithmicMediaDigitalSource
        term = term.removesuffix("DigitalSource")
        term = term[:1].lower() + term[1:]
    return term


def says_ai(source_type: str) -> bool | None:
    """True = a trained model took part; False = a camera, scanner or hand; None = says neither (algorithmicMedia)."""
    low = short(source_type).lower()
    return True if low in _AI else False if low in _NOT_AI else None
