"""The table of docs/credentials.md: where our verdict on real signed files is not what the C2PA library says, and why.

python -m tests.docs.credentials writes it again. It needs the folder of real files beside the checkout; the files are not
ours to publish, the verdicts are.
"""

import csv
import re
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from pathlib import Path

from cryptography import x509
from cryptography.hazmat.primitives.serialization import Encoding

from dam.ingest.inspection import inspect_file
from dam.model import Credentials
from dam.provenance.trust import TrustStore
from tests.support.shared import FOLDER

PAGE = Path(__file__).resolve().parents[2] / "docs" / "credentials.md"
BEGIN, END = "<!-- generated: python -m tests.docs.credentials -->", "<!-- end of what is generated -->"
FILES = FOLDER / "data" / "c2pa"
TRUST = FOLDER / "data" / "trust"
SETTINGS = {
    "state_no_trust": "no list",
    "state_official_list_eku": "official lists",
    "state_all_lists_eku_testroots": "all lists and test roots",
}
# What the SDK says -> the states of ours that mean the same.
MEANS = {
    "Trusted": {"trusted"},
    "Valid": {"untrusted_signer"},
    "Invalid": {"content_mismatch", "credential_problem"},
    "none": {"none"},
    "error": {"unreadable", "remote_not_fetched"},
}
SOUND = {"trusted", "untrusted_signer"}
EXPECTED = {  # classes of the table -> what a careful judge says
    "ok": SOUND, "identity-problem": SOUND, "ok-ingredient-untrusted": SOUND, "untrusted-signer": {"untrusted_signer"},
    "tampered": {"content_mismatch"}, "credential-problem": {"credential_problem"},
    "error": {"unreadable", "remote_not_fetched", "content_mismatch"}, "no-manifest": {"none"},
}  # fmt: skip


@dataclass(frozen=True)
class Judged:
    """One file under one setting: the table's row, what the SDK says in it, and our verdict."""

    row: dict[str, str]
    setting: str
    sdk: str
    ours: Credentials

    @property
    def agrees(self) -> bool:
        return self.ours.state.value in MEANS[self.sdk]

    @property
    def is_careful(self) -> bool:
        identity = self.row["expected_class"] != "identity-problem" or self.ours.identity_problem
        return identity and self.ours.state.value in EXPECTED[self.row["expected_class"]]


REASONS: tuple[tuple[str, Callable[[Judged], bool]], ...] = (
    (
        "only an identity assertion (CAWG) fails: a flag; the file and its signature are sound",
        lambda j: j.sdk == "Invalid" and j.ours.identity_problem and j.ours.state.value in SOUND,
    ),
    (
        "by default the library refuses certificates of a purpose (EKU) that it does not know; we name six",
        lambda j: (
            j.setting == "state_no_trust"
            and j.row["state_official_list_eku"] in ("Valid", "Trusted")
            and j.ours.state.value == "untrusted_signer"
        ),
    ),
    (
        "only an identity assertion (CAWG) fails: a flag; the signer stays trusted",
        lambda j: j.sdk == "Valid" and j.ours.identity_problem and j.ours.state.value == "trusted",
    ),
)


def store_of(setting: str) -> TrustStore | None:
    """The anchors that the table's column was made with."""
    if setting == "state_no_trust":
        return None
    official, tsa = ((TRUST / f"C2PA-{name}-LIST.pem").read_text() for name in ("TRUST", "TSA-TRUST"))
    if setting == "state_official_list_eku":
        return TrustStore.of(official=official, tsa=tsa)
    return TrustStore.of(
        "".join(_test_roots()), official=official, tsa=tsa, interim=(TRUST / "interim-anchors.pem").read_text()
    )


def _test_roots() -> list[str]:
    """The authorities that the SDK's own test files chain to, from the files: they lie in no list."""
    found: dict[str, None] = {}
    for path in sorted(FILES.glob("*/*")):
        data = path.read_bytes()
        for start in re.finditer(rb"\x30\x82..\x30\x82", data, re.DOTALL):
            end = start.start() + 4 + int.from_bytes(data[start.start() + 2 : start.start() + 4], "big")
            try:
                certificate = x509.load_der_x509_certificate(data[start.start() : end])
                is_ca = certificate.extensions.get_extension_for_class(x509.BasicConstraints).value.ca
            except (ValueError, x509.ExtensionNotFound, x509.DuplicateExtension):
                continue
            if is_ca and "FOR TESTING_ONLY" in certificate.subject.rfc4514_string():
                found[certificate.public_bytes(Encoding.PEM).decode()] = None
    return list(found)


def rows() -> list[dict[str, str]]:
    table = csv.DictReader((FILES / "MANIFEST.tsv").read_text("utf-8").splitlines(), delimiter="\t")
    return [row for row in table if (FILES / row["path"]).exists()]


def measure() -> list[Judged]:
    """Every open file under each of the three settings."""
    return [one for setting in SETTINGS for one in _judged(setting)]


def _judged(setting: str) -> Iterator[Judged]:
    store = store_of(setting)
    for row in rows():
        verdict = inspect_file(str(FILES / row["path"]), store).credentials
        yield Judged(row, setting, _said(row[setting]), verdict)


def _said(state: str) -> str:
    if state.startswith("ERROR"):
        return "none" if "ManifestNotFound" in state else "error"
    return state


def reason(one: Judged) -> int | None:
    """Why ours differs, by the number of the first rule that fits; None = nobody has an answer, and the test fails."""
    return next((number for number, (_, fits) in enumerate(REASONS, 1) if fits(one)), None)


def section(found: list[Judged]) -> str:
    """The generated part of the page."""
    differing = [one for one in found if not one.agrees]
    careful = sum(one.is_careful for one in found)
    rows = _grouped(differing)
    lines = [
        BEGIN,
        "",
        f"{len(found) // len(SETTINGS)} real files under three settings (no list; the official lists; all lists and the",
        f"library's test roots): **{careful} of {len(found)} verdicts are those of a careful judge**; {len(found) - len(differing)}",
        f"say what the library says. The other {len(differing)}, by reason:",
        "",
        *(f"{number}. {words}" for number, (words, _) in enumerate(REASONS, 1)),
        "",
        "| file | under | library | ours | reason |",
        "|---|---|---|---|---|",
        *(
            f"| {name} | {', '.join(under)} | {sdk} | {ours} | {why} |"
            for (name, sdk, ours, why), under in rows.items()
        ),
    ]
    return "\n".join([*lines, "", END])


def _grouped(differing: list[Judged]) -> dict[tuple[str, str, str, int | None], list[str]]:
    """(file, library's word, ours, number of the reason) -> settings."""
    found: dict[tuple[str, str, str, int | None], list[str]] = {}
    order = list(SETTINGS)
    for one in sorted(differing, key=lambda j: (j.row["path"], order.index(j.setting))):
        entry = (one.row["path"], one.sdk, one.ours.state.value, reason(one))
        found.setdefault(entry, []).append(SETTINGS[one.setting])
    return found


def main() -> None:
    page = PAGE.read_text()
    before, _, rest = page.partition(BEGIN)
    _, _, after = rest.partition(END)
    PAGE.write_text(before + section(measure()) + after)


if __name__ == "__main__":
    main()
