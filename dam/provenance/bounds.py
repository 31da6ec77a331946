"""Which manifest stores are too large to be judged: asked of the bytes, before the SDK is."""

from typing import BinaryIO

MAX_ASSERTIONS = 2_000  # of one claim; 1,000 take the SDK 0.3 s, 3,000 take 2.3 s, 10,000 half a minute
_STORE = b"c2pa.assertions\0"  # label of the box that holds one claim's assertions (C2PA 2.4 §11.1.4.2)
_BOX = b"jumd"  # every JUMBF box has one of these (ISO/IEC 19566-5)
_STEP = 1 << 20


def too_many_assertions(stream: BinaryIO) -> bool:
    """Whether any claim of the file has more assertions than the SDK can check in seconds. Rewinds the stream.

    Counts names of boxes behind the name of each assertion store, so it errs towards many by a few.
    """
    stream.seek(0)
    count = 0
    inside = False
    kept = b""
    while block := stream.read(_STEP):
        data = kept + block
        kept = data[-(len(_STORE) - 1) :]
        for number, piece in enumerate(data.split(_STORE)):
            if number:
                inside, count = True, 0
            count += piece.count(_BOX)
            if inside and count > MAX_ASSERTIONS:
                stream.seek(0)
                return True
    stream.seek(0)
    return False
