"""Decisions: people approve and reject, by content. Nothing automatic ever changes a review status."""

import getpass
from collections.abc import Sequence
from typing import Any

from dam.catalogue import records
from dam.catalogue.reading import open_reader
from dam.errors import UsageError
from dam.ingest.parts import Parts

VERDICTS = ("approve", "reject")
MAX_REASON = 4_000


class Reviews:
    def __init__(self, parts: Parts) -> None:
        self._parts = parts

    def person(self, named: str | None = None) -> str:
        """Who decides: the name given, else the setting, else the login name."""
        return named or self._parts.settings.person or getpass.getuser()

    def decide(self, asset: str, verdict: str, *, reason: str | None, person: str | None = None) -> dict[str, Any]:
        """Enter one decision. A rejection needs a reason.

        Raises:
            UsageError: unknown verdict, or a rejection without a reason. NotFoundError: no such asset.
        """
        if verdict not in VERDICTS:
            raise UsageError(f"No verdict {verdict!r}.", next_step="Use approve or reject.")
        reason = reason.strip() if reason else None
        if verdict == "reject" and not reason:
            raise UsageError(
                "A rejection needs a reason.", next_step='Say why: --reason "..."', code="review.reason_needed"
            )
        if reason and len(reason) > MAX_REASON:
            raise UsageError(f"The reason is longer than {MAX_REASON} characters.", next_step="Shorten it.")
        who = self.person(person)
        with open_reader(self._parts.catalogue.path) as reader:
            asset_id = reader.find(asset)
        with self._parts.catalogue.change(f"person:{who}") as unit:
            records.decide(unit, asset_id, verdict=verdict, reason=reason, person=who)
        return {"asset_id": asset_id, "decisions": self.history(asset_id)}

    def history(self, asset: str) -> Sequence[dict[str, Any]]:
        with open_reader(self._parts.catalogue.path) as reader:
            return reader.decisions(reader.find(asset))
