"""Every error raised on purpose. Each carries a stable `code`, an exit status, an HTTP status and a next step.

    DamError                        10 / 500
    ├── UsageError                   2 / 400   the request makes no sense
    │   └── QueryError               2 / 400
    ├── NotFoundError                1 / 404   asset.not_found, root.not_found ...
    ├── BadFileError                 3 / 422   the file cannot be read or is not what it claims
    │   ├── UnreadableError          3 / 422   the operating system refuses (permission, I/O, gone)
    │   ├── LimitError               3 / 422   larger, deeper or longer than the limits allow
    │   └── UndecodableError         3 / 422   damaged or unknown contents
    ├── ConflictError                4 / 409   refused: would lose or contradict something
    │   └── PolicyError              4 / 403
    ├── BusyError                    5 / 503   another process holds the library
    ├── UnavailableError             5 / 503   something outside does not answer now: tried again, no file is at fault
    │   ├── TimestampUnavailableError  5 / 503
    │   └── SignerUnavailableError     5 / 503  the signing key or its certificate cannot be used
    ├── MigrationError               5 / 503   the library's tables are older or newer than the program
    ├── StorageError                10 / 507   our own bytes cannot be written (disk full, read-only)
    └── EngineError                 10 / 500   a library below us failed in a way that no file explains

A bad file is usually an *answer* (model.Problem), not an exception: raise only when the work could not be done.
"""

from typing import ClassVar


class DamError(Exception):
    """Base. `message` names the thing and the reason, `next_step` says what to do about it."""

    code: ClassVar[str] = "internal"
    exit_status: ClassVar[int] = 10
    http_status: ClassVar[int] = 500

    def __init__(self, message: str, *, next_step: str = "", code: str | None = None) -> None:
        super().__init__(message)
        self.message = message
        self.next_step = next_step
        if code is not None:
            self.code = code  # type: ignore[misc]  # an instance may be more exact than its class

    def __str__(self) -> str:
        return f"{self.message} {self.next_step}".strip()


class UsageError(DamError):
    code = "usage"
    exit_status = 2
    http_status = 400


class QueryError(UsageError):
    code = "query.invalid"


class NotFoundError(DamError):
    code = "not_found"
    exit_status = 1
    http_status = 404


class BadFileError(DamError):
    code = "file.bad"
    exit_status = 3
    http_status = 422


class UnreadableError(BadFileError):
    code = "file.unreadable"


class LimitError(BadFileError):
    code = "file.limit"


class UndecodableError(BadFileError):
    code = "file.undecodable"


class ConflictError(DamError):
    code = "conflict"
    exit_status = 4
    http_status = 409


class PolicyError(ConflictError):
    code = "policy.refused"
    http_status = 403


class BusyError(DamError):
    code = "library.busy"
    exit_status = 5
    http_status = 503


class UnavailableError(DamError):
    """Not now. `retry_after_s` says when asking again makes sense."""

    code = "service.unavailable"
    exit_status = 5
    http_status = 503

    def __init__(
        self, message: str, *, next_step: str = "", code: str | None = None, retry_after_s: float = 2.0
    ) -> None:
        super().__init__(message, next_step=next_step, code=code)
        self.retry_after_s = retry_after_s


class TimestampUnavailableError(UnavailableError):
    code = "timestamp.unavailable"


class SignerUnavailableError(UnavailableError):
    code = "signer.unavailable"


class MigrationError(DamError):
    code = "library.migration"
    exit_status = 5
    http_status = 503


class StorageError(DamError):
    code = "storage.failed"
    http_status = 507


class EngineError(DamError):
    code = "engine.failed"
