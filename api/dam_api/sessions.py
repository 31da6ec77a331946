"""Who may come in when a token is set: bearers by header, browsers by a cookie that is derived from the token."""

import hashlib
import hmac
import secrets
from dataclasses import dataclass

COOKIE = "headwater_session"
LIFETIME_S = 12 * 3600


@dataclass(frozen=True, slots=True)
class Sessions:
    """`token` None = nobody is asked (the door listens on this machine only). No state: a restart keeps sessions."""

    token: str | None

    def holds_token(self, given: str) -> bool:
        """Compare in constant time, whatever the lengths."""
        if self.token is None:
            return False
        return hmac.compare_digest(_digest(given), _digest(self.token))

    def holds_bearer(self, header: str) -> bool:
        scheme, _, given = header.partition(" ")
        return scheme.lower() == "bearer" and self.holds_token(given.strip())

    def issue(self, now: float) -> str:
        """A cookie value: issue time, nonce, and their MAC under the token. Changing the token ends every session."""
        head = f"{int(now)}.{secrets.token_hex(8)}"
        return f"{head}.{self._mac(head)}"

    def holds_cookie(self, value: str, now: float) -> bool:
        head, _, mac = value.rpartition(".")
        if not hmac.compare_digest(_digest(mac), _digest(self._mac(head))):
            return False
        issued = int(head.partition(".")[0])  # the MAC holds, so this is what `issue` wrote
        return 0 <= now - issued < LIFETIME_S

    def _mac(self, head: str) -> str:
        key = (self.token or secrets.token_hex()).encode("utf-8", "surrogateescape")
        return hmac.new(key, b"headwater/session/1|" + head.encode("utf-8", "replace"), hashlib.sha256).hexdigest()


def _digest(text: str) -> bytes:
    return hashlib.sha256(text.encode("utf-8", "surrogateescape")).digest()
