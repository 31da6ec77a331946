"""Paths as text that survives every trip: to the database, to JSON, to a terminal and back to the same bytes."""

import re
import unicodedata

_UNSAFE = re.compile(r"[\\\ud800-\udfff]")
_ESCAPE = re.compile(r"\\(\\|x[89a-f][0-9a-f]|u[d][89a-f][0-9a-f]{2})")
# ZWNJ and ZWJ are format characters too, but Persian words and emoji need them and they cannot reorder text.
_HARMLESS_FORMAT = frozenset("\u200c\u200d")
_HIDDEN = frozenset({"Cc", "Cf", "Cs", "Co", "Cn", "Zl", "Zp"})


def to_text(path: str) -> str:
    r"""A path as text that always encodes to UTF-8: a backslash doubles, an undecodable byte becomes `\xNN`.

    The bytes of a path that is not UTF-8 arrive from the operating system as surrogates (PEP 383). `from_text` is the
    exact inverse, for every `str`.
    """
    return _UNSAFE.sub(_escape, path)


def from_text(text: str) -> str:
    r"""The path that `to_text` was given. A backslash that starts no known escape stands for itself."""
    return _ESCAPE.sub(_unescape, text)


def _escape(found: re.Match[str]) -> str:
    char = found[0]
    if char == "\\":
        return "\\\\"
    code = ord(char)
    return f"\\x{code - 0xDC00:02x}" if 0xDC80 <= code <= 0xDCFF else f"\\u{code:04x}"


def _unescape(found: re.Match[str]) -> str:
    escape = found[1]
    if escape == "\\":
        return "\\"
    code = int(escape[1:], 16)
    return chr(code + 0xDC00 if escape[0] == "x" else code)


def display(text: str) -> str:
    """Text for terminals and logs: what would move the cursor, reorder or hide text is shown as an escape.

    For people only; it is not reversible (a name may hold the escape itself).
    """
    if text.isascii() and text.isprintable():
        return text
    return "".join(_visible(char) for char in text)


def _visible(char: str) -> str:
    if unicodedata.category(char) not in _HIDDEN or char in _HARMLESS_FORMAT:
        return char
    code = ord(char)
    short = {"\n": r"\n", "\r": r"\r", "\t": r"\t"}.get(char)
    return short or (f"\\x{code:02x}" if code < 0x100 else f"\\u{code:04x}" if code < 0x10000 else f"\\U{code:08x}")


def match_key(name: str) -> str:
    r"""A form of the last path segment (after any / or \) for comparing names: Unicode forms and case do not count."""
    base = re.split(r"[/\\]", name)[-1]
    return unicodedata.normalize("NFC", unicodedata.normalize("NFC", base).casefold())
