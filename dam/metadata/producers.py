"""Producer codes of China's label for generated content: their parts, and whose they are.

A code is 001, a digit for the kind of holder (1 = a company), its 18-character unified social credit code (GB 32100) and
a suffix of the holder's own for the service. The credit codes below are those of public company registers; one company
may run several services, so what is named is the service that writes such labels. Names are matched whole.
"""

import re
from dataclasses import dataclass

_CODE = re.compile(r"001(\d)([0-9A-HJ-NP-RT-UW-Y]{18})([0-9A-Za-z]{0,12})")
_TOOLS = {
    "91110102MACQD9K640": "Doubao",
    "9144030008867405X2": "Jimeng",
    "91330106MA2CFLDG4R": "Wan",
    "91440101MA9Y9T4H7A": "Qwen",
    "91110108335469089C": "Kling",
    "91440300708461136T": "Tencent Yuanbao",
    "91110000802100433B": "Baidu",
    "91110108MA01KP2T5U": "Zhipu",
    "91110108MACC4D63XF": "Vidu",
    "91110105MACJ6K1C8A": "LiblibAI",
    "91340100MAEB4N8H76": "RunningHub",
    "91340000711771143J": "iFlytek",
    "91440300MA5G49LC9K": "Honor",
}
_NAMES = {
    "doubao": "Doubao",
    "jimeng": "Jimeng",
    "dreamina": "Jimeng",
    "kling": "Kling",
    "minimax": "MiniMax",
    "minimax agent ai": "MiniMax",
    "hailuo": "MiniMax",
    "vidu": "Vidu",
    "runninghub": "RunningHub",
    "liblib": "LiblibAI",
    "wan": "Wan",
    "qwen": "Qwen",
}


@dataclass(frozen=True, slots=True)
class Producer:
    """A ContentProducer as it stands (`code`), its parts where it has them, and the tool where it is known."""

    code: str
    kind: str | None = None
    company: str | None = None  # the unified social credit code
    service: str | None = None
    tool: str | None = None


def producer_of(text: str) -> Producer:
    code = text.strip()[:200]
    found = _CODE.fullmatch(code.upper())
    if found is None:
        return Producer(code, tool=_NAMES.get(code.casefold()))
    return Producer(code, found[1], found[2], code[22:] or None, _TOOLS.get(found[2]))
