"""Answers about the library's keys. None holds a secret."""

from pydantic import Field

from dam_schemas.base import Wire


class KeyOut(Wire):
    """One key. `kind`: root, issuing, signer, time_stamp, mark; `state`: current, standby (another signs), retired.

    `where` is the private key's file or token, null = it is not here (kept elsewhere, or destroyed).
    """

    key_id: str
    kind: str
    state: str
    algorithm: str
    subject: str | None = None
    not_before: str | None = None
    not_after: str | None = None
    days_left: int | None = None
    where: str | None = None
    reason: str | None = None


class RotationOut(Wire):
    """What `dam keys rotate` made new, or would make."""

    dry_run: bool
    old_key_id: str
    new_key_id: str | None = None
    new_issuing: bool = False
    new_root: bool = False
    new_time_stamp: bool = False
    not_after: str | None = None
    mark: bool = False
    destroyed: list[str] = Field(default_factory=list)
