"""Secrets in texts of strangers: signed addresses, passwords in addresses, keys and tokens become "REDACTED".

What readers make of a file passes through here before anything is shown, indexed or exported; the raw carrier stays as
it stood. Everything else of an address stays, because its path is what names a picture's source.
"""

import functools
import re

MARK = "REDACTED"
# Parameters of an address whose value opens something: signatures, tokens, credentials of AWS, GCS, Azure SAS,
# Cloudflare, Alibaba, Tencent, CloudFront, Akamai, CivitAI and of everybody who names them alike.
_OPENING_NAMES = (
    r"[\w.%-]{0,40}(?:signature|credential|token|secret|passw(?:or)?d|api[_-]?key|access[_-]?key(?:id)?|security[_-]?code)"
    r"|x-amz-s\w{0,20}|sig|sign|auth(?:key|orization)?|key|pwd|pass|jwt|hmac|policy|key-pair-id|verify|hdnt[sl]?|ticket"
    r"|session(?:[_-]?id)?|code"
)
_BEFORE = r"(?:[?&;#]|\\u0026|%3[fF]|%26)(?:amp;)?"
_PARAMETER = re.compile(
    # First whether a value follows at all: most signs in front of a name are a sentence's.
    rf"({_BEFORE}(?=[\w.%-]{{1,77}}?(?:=|%3[dD]|\\u003[dD]))(?:{_OPENING_NAMES})(?:=|%3[dD]|\\u003[dD]))(?!{MARK})((?:(?!%26)[^&\s\"'<>#\\)])+)",
    re.IGNORECASE,
)
_PERSON = re.compile(r"(:(?:\\?/){2})(?!REDACTED@)[^\s/?#@\"'<>\\]{1,400}@(?=[\w\[])")
# Keys that are known by their own shape.
_SHAPES = re.compile(
    r"\b(?:"
    r"sk-(?=[\w-]{0,40}\d)[\w-]{20,200}"  # OpenAI, Anthropic, Stability, DeepSeek
    r"|(?:AKIA|ASIA)[0-9A-Z]{16}\b"
    r"|AIza[\w-]{35}"
    r"|(?:gh[pousr]_|github_pat_)\w{22,255}"
    r"|glpat-[\w-]{20,64}"
    r"|hf_[A-Za-z0-9]{30,64}\b"
    r"|r8_[A-Za-z0-9]{30,64}\b"
    r"|xox[abprs]-[\w-]{10,200}"
    r"|comfyui-[0-9a-f]{32,128}\b"
    r"|(?<!-)eyJ[\w-]{10,4000}\.eyJ[\w-]{10,4000}\.[\w-]{10,1000}"
    r")"
)
_HINTS = ("sk-", "AKIA", "ASIA", "AIza", "ghp_", "gho_", "ghu_", "ghs_", "ghr_", "github_pat_", "glpat-", "hf_", "r8_", "xox", "comfyui-", "eyJ")  # fmt: skip
# Values that stand behind a name: long, without blanks, letters and digits mixed. "Token merging: 0.5" is none.
_NAMED = re.compile(
    r"((?:api|auth|access|secret|private|bearer|client)[_ -]?(?:key|token|secret)\w{0,20}|password|passwd|\btoken|\bsecret)"
    r"(\\?[\"']?\s{0,3}[:=]\s{0,3}\\?[\"']?(?:Bearer\s)?)(?=[^\s\"'\\,;]{0,64}\d)(?=[^\s\"'\\,;]{0,64}[A-Za-z])"
    r"([\w.+/=~-]{16,4096})",
    re.IGNORECASE,
)
_BEARER = re.compile(r"(\bBearer\s{1,3})(?=[^\s\"']{0,200}\d)([\w.+/=~-]{20,4096})")
_NAME_HINTS = ("key", "token", "secret", "passw", "Key", "Token", "Secret", "Passw", "KEY", "TOKEN", "SECRET", "Bearer")
_SHORTEST = 12
_SECRET_KEY = re.compile(
    r"(?:.{0,60}[_-])?(?:api[_-]?key|auth[_-]?token|access[_-]?(?:token|key)|refresh[_-]?token|bearer[_-]?token|secret(?:[_-]?key)?"
    r"|client[_-]?secret|password|passwd|authorization)(?:[_-].{0,60})?|token",
    re.IGNORECASE,
)


def redact(text: str) -> str:
    """The text without secrets; the same object if there are none. Costs a few substring searches on plain text."""
    if len(text) < _SHORTEST:
        return text
    if "//" in text or "\\/\\/" in text or "%2F%2F" in text or "%2f%2f" in text:
        text = _PERSON.sub(rf"\1{MARK}@", text)
        if "=" in text or "%3D" in text or "%3d" in text:
            text = _PARAMETER.sub(rf"\1{MARK}", text)
    if _has_one(text, _HINTS):
        text = _SHAPES.sub(MARK, text)
    if _has_one(text, _NAME_HINTS):
        text = _NAMED.sub(lambda found: found[1] + found[2] + MARK, text)
        text = _BEARER.sub(rf"\1{MARK}", text)
    return text


def _has_one(text: str, hints: tuple[str, ...]) -> bool:
    for hint in hints:  # noqa: SIM110  # a loop takes half of any()'s time, and every text of every file comes here
        if hint in text:
            return True
    return False


@functools.lru_cache(maxsize=4096)
def names_a_secret(key: object) -> bool:
    """Whether a JSON key says that its value opens something ("api_key_comfy_org")."""
    return isinstance(key, str) and len(key) <= 100 and _SECRET_KEY.fullmatch(key) is not None
