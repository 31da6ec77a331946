"""Whether and by whom signatures are time-stamped, and what to do while the authority does not answer.

`required` (default): no signature without a stamp, work waits. `preferred`: signed without, and said so. `off`: none.
After a failure nothing is asked for a while, twice as long each time: one that hangs costs one signature five seconds,
not every one.
"""

import contextlib
import logging
import threading
import time
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import TYPE_CHECKING, Literal

from dam.errors import DamError, TimestampUnavailableError
from dam.provenance import timestamps
from dam.provenance.timestamps import Authority, BadRequestError, Responder

if TYPE_CHECKING:
    from dam.provenance.relay import Relay

log = logging.getLogger(__name__)

Mode = Literal["required", "preferred", "off"]
MAX_REST_S = 30.0
LOCAL = "this library's own responder (not independent)"


@dataclass(slots=True)
class Stamp:
    """One signature's stamp: where the SDK gets it (None = it gets none), then who stamped or why nobody did."""

    url: str | None
    authority: Authority | None = None
    error: TimestampUnavailableError | None = None


class Stamping:
    """The authority of one library: its own responder, or the one at `url`.

    `anchors` are the PEM lists that a stamp must lead to: an authority that no list holds is as good as none once the
    signing certificate has ended, and nobody would notice until then.
    """

    def __init__(
        self,
        *,
        responder: Callable[[], Responder | None],
        anchors: Callable[[], Sequence[str]],
        clock: Callable[[], datetime],
        mode: Mode = "required",
        url: str | None = None,
    ) -> None:
        self.mode, self.local = mode, url is None
        self.where = LOCAL if url is None else timestamps.shown_url(url)
        self._url, self._responder, self._anchors, self._clock = url, responder, anchors, clock
        self._relay: Relay | None = None
        self._failures, self._rest_until = 0, 0.0
        self._last: TimestampUnavailableError | None = None
        self._anchored: object = None
        self._opening = threading.Lock()

    def check(self) -> None:
        """Before work that would end in a signature.

        Raises:
            TimestampUnavailableError: the authority has just failed, and stamps are required.
        """
        if self.mode == "required" and (resting := self._resting()) is not None:
            raise resting

    @contextlib.contextmanager
    def stamp(self) -> Iterator[Stamp]:
        """A stamp for one signature. Sign inside the block with its `url`, then look at `error`.

        Raises:
            TimestampUnavailableError: as `check`.
        """
        self.check()
        if self.mode == "off" or (resting := self._resting()) is not None:
            yield Stamp(None, error=None if self.mode == "off" else resting)
            return
        found = Stamp(None)
        with self._opened_relay().address(lambda request: self._answer(request, found)) as url:
            found.url = url
            yield found

    def probe(self) -> Authority:
        """Ask for a stamp on nothing in particular, whatever `mode` says.

        Raises:
            TimestampUnavailableError: there is none to be had.
        """
        found = Stamp(None)
        if self._answer(timestamps.new_question(b"probe"), found) is None or found.authority is None:
            raise found.error or timestamps.unavailable(self.where, "no reason given")
        return found.authority

    def close(self) -> None:
        if self._relay is not None:
            self._relay.close()

    def _opened_relay(self) -> "Relay":
        from dam.provenance.relay import Relay

        with self._opening:
            self._relay = self._relay or Relay()
            return self._relay

    def _answer(self, request: bytes, found: Stamp) -> bytes | None:
        try:
            question = timestamps.parse_question(request)
            answer, authority = self._ask(question)
            self._check_anchored(authority)
        except (DamError, BadRequestError) as error:
            ours = error if isinstance(error, DamError) else timestamps.unavailable(self.where, str(error))
            found.error = self._failed(timestamps.as_fault(ours, self.where))
            return None
        except Exception as error:  # the edge of a thread that serves the SDK
            log.exception("time stamp")
            found.error = self._failed(timestamps.unavailable(self.where, type(error).__name__))
            return None
        self._failures, self._last = 0, None
        found.authority = authority
        return answer

    def _ask(self, question: timestamps.Question) -> tuple[bytes, Authority]:
        if self._url is not None:
            from dam.provenance import stamp_answer, tsa

            answer = tsa.ask(self._url, question.der)
            return answer, stamp_answer.check_answer(question, answer, self._clock())
        responder = self._responder()
        if responder is None:
            raise TimestampUnavailableError(
                "This library has no time-stamp certificate: its root key was not there to make one.",
                next_step="Bring root-*.key back into the keys folder and open the library again (docs/keys.md).",
                code="timestamp.no_certificate", retry_after_s=MAX_REST_S,
            )  # fmt: skip
        return responder.answer(question)

    def _failed(self, error: TimestampUnavailableError) -> TimestampUnavailableError:
        self._failures += 1
        rest_s = min(MAX_REST_S, 2.0 ** (self._failures - 1))
        self._rest_until, self._last = time.monotonic() + rest_s, error
        error.retry_after_s = rest_s
        return error

    def _resting(self) -> TimestampUnavailableError | None:
        left_s, last = self._rest_until - time.monotonic(), self._last
        if left_s <= 0 or last is None:
            return None
        return TimestampUnavailableError(
            last.message, next_step=last.next_step, code=last.code, retry_after_s=max(0.5, left_s)
        )

    def _check_anchored(self, authority: Authority) -> None:
        seen = (authority.certificates, tuple(self._anchors()))
        if seen == self._anchored:  # the same certificates under the same lists, as a moment ago
            return
        if not timestamps.is_anchored(*seen):
            raise self._unknown(authority)
        self._anchored = seen

    def _unknown(self, authority: Authority) -> TimestampUnavailableError:
        return TimestampUnavailableError(
            f"The time-stamp authority {authority.name} is on no trust list of this library.",
            next_step="Put its root into the list of time-stamp authorities (trust/tsa.pem).", code="timestamp.untrusted",
            retry_after_s=MAX_REST_S,
        )  # fmt: skip
