"""Whether a file looks as if its writer had stalled: no end yet, or space that was set aside and is not filled.

Only a hint for how long to wait: a file that stays so is taken as it is. Costs two short reads.
"""

import os

from dam.errors import UnreadableError

TAIL_BYTES = 4096
_END_BYTES = 66_000  # ZIP's end record may have a comment of up to 65,535 bytes behind it (APPNOTE §4.3.16)
_CUT = (".truncated", ".damaged", ".undecodable")


def reason(path: str, problems: list[str]) -> str | None:
    """Why the file looks unfinished, or None. `problems` are the codes of what its probe found.

    Raises:
        UnreadableError: the system does not let it be read.
    """
    if any(code.endswith(_CUT) and not code.startswith(("exif.", "text.")) for code in problems):
        return "It is cut off, or has gaps."
    try:
        with open(path, "rb") as stream:
            head = stream.read(8)
            size = stream.seek(0, os.SEEK_END)
            stream.seek(max(0, size - _END_BYTES))
            tail = stream.read(_END_BYTES)
    except OSError as error:
        raise UnreadableError(f"The file cannot be read: {error.strerror}.") from error
    if not size:
        return "It has no bytes yet."
    if size > 2 * TAIL_BYTES and not tail[-TAIL_BYTES:].strip(b"\0"):
        return "Its end is nothing but zeros, as of a file whose space was set aside."
    if head.startswith(b"PK\x03\x04") and b"PK\x05\x06" not in tail:
        return "It is a ZIP archive without its end."
    if head.startswith(b"%PDF-") and b"%%EOF" not in tail:
        return "It is a PDF without its end."
    return None
