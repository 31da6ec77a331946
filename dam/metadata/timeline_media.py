"""What a timeline calls its media, as a person knows it: URLs decoded, drives and shares kept, secrets dropped."""

import re
from urllib.parse import unquote_to_bytes

from dam.metadata.contract import as_text

MAX_PATH_CHARS = 4_000
_SCHEME = re.compile(r"([A-Za-z][A-Za-z0-9+.-]+):(?=/)")
_DRIVE = re.compile(r"/[A-Za-z][:|](?:/|$)")
_HOST = re.compile(r"//([^/?#]*)")


def media_name(url: object) -> str | None:
    r"""The path or URL that a timeline gives for its media; None if there is none.

    `file://localhost/D%3a/a%20b.mov` is `D:/a b.mov`, `file://server/share/x` is `//server/share/x`; a plain path
    (`S:\path\x.exr`, `../x.mov`) stays as it stands. Other URLs lose user, password, query and fragment.
    """
    text = as_text(url, MAX_PATH_CHARS)
    if text is None:
        return None
    scheme = _SCHEME.match(text)
    if scheme is None:
        return text
    if scheme[1].lower() != "file":
        return as_text(_public(text, scheme.end()))
    rest = text[scheme.end() :]
    host = _HOST.match(rest)
    path = _decoded(rest[host.end() :] if host else rest)
    server = _decoded(host[1].rpartition("@")[2]) if host else ""
    if _DRIVE.match(path):
        path = f"{path[1]}:{path[3:]}"
    elif re.fullmatch(r"[A-Za-z][:|]", server):  # file://D:/x.mov: the drive stands where the host should
        path = f"{server[0]}:{path}"
    elif server and server.lower() != "localhost":
        path = f"//{server}{path}"
    return as_text(path)


def _public(text: str, at: int) -> str:
    bare = re.split(r"[?#]", text, maxsplit=1)[0]
    host = _HOST.match(bare, at)
    if host is None:
        return bare
    return bare[: host.start(1)] + host[1].rpartition("@")[2] + _decoded(bare[host.end() :])


def _decoded(text: str) -> str:
    """Percent codes as characters, if they are UTF-8; else as they stand, because some tools do not encode at all."""
    try:
        return unquote_to_bytes(text).decode("utf-8")
    except UnicodeDecodeError:
        return text


def file_name(media: str) -> str:
    r"""The last segment of a path, behind any / or \."""
    return re.split(r"[/\\]", media.rstrip("/\\"))[-1]
