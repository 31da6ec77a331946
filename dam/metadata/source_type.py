"""IPTC digital source types: which of them say that a model made the picture."""

_AI = frozenset(
    ("trainedalgorithmicmedia", "compositewithtrainedalgorithmicmedia", "algorithmicallyenhancedwithtrainedmedia")
)
_NOT_AI = frozenset(
    [
        "digitalcapture",
        "computationalcapture",
        "negativefilm",
        "positivefilm",
        "print",
        "humanedits",
        "minorhumanedits",
        "digitalcreation",
        "digitalart",
        "compositecapture",
        "screencapture",
    ]
)


def short(uri: str) -> str:
    """The last path segment of the IPTC URI ("trainedAlgorithmicMedia")."""
    return uri.strip().rstrip("/").replace("#", "/").rpartition("/")[2]


def says_ai(source_type: str) -> bool | None:
    """True = a trained model took part; False = a camera, scanner or hand; None = says neither (algorithmicMedia)."""
    low = short(source_type).lower()
    return True if low in _AI else False if low in _NOT_AI else None
