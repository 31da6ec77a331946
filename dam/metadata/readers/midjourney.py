"""Midjourney: PNG `Description` "prompt --ar 4:3 --v 5.2 Job ID: uuid"; no tool name stands anywhere.

The job id is the mark (also XMP `iptcExt:DigImageGUID`). `--v` and `--niji` name the model, `--no` the negative prompt.
Pictures are URLs: in front of the prompt (what is varied or set in motion), behind `--sref` (style), `--cref` and `--oref`
(a character, an object), `--end` (a clip's last frame). Codes behind `--sref` and `--profile` name no file.
"""

import re
from collections.abc import Iterator, Mapping, Sequence

from dam.media.probe import Probe, Text
from dam.metadata import source_type, xmp
from dam.metadata.contract import MAX_PROMPT_CHARS, as_seed, claim_of, plain_texts, xmp_texts
from dam.model import Claim, Generation, Input

_JOB = re.compile(r"\bJob ID:\s{0,8}([0-9a-fA-F]{8}(?:-[0-9a-fA-F]{4}){3}-[0-9a-fA-F]{12})")
# Phones turn "--" into a dash, and writers of prose use dashes: a dash counts only before a word that is a switch.
_SWITCHES = (
    "ar|aspect|bs|c|chaos|cref|creative|cw|draft|end|exp|fast|hd|iw|loop|motion|niji|no|oref|ow|p|personalize|profile|q|quality|raw"
    "|relax|repeat|r|s|sameseed|seed|sref|stealth|stop|style|stylize|sv|sw|test|testp|tile|turbo|upbeta|uplight|v|version|video"
    "|vibe|w|weird"
)
_SWITCH = re.compile(rf"(?:^|(?<=\s))(?:--([A-Za-z]{{1,20}})|[—–]({_SWITCHES}))(?=[\s=]|$)")
_URL = re.compile(r"https?://[^\s<>]{1,2000}")
_WRAPPED = re.compile(r"<?https?://[^\s<>]{1,2000}>?[ \t]?")
_MAX_SWITCHES = 200
_ROLES = {"sref": "style", "cref": "reference", "oref": "reference", "end": "reference"}


def split_switches(text: str) -> tuple[str, dict[str, str]]:
    """The prompt and the switches behind it, each with its value ("" for none); of several alike the last counts."""
    body = _JOB.sub("", text[:MAX_PROMPT_CHARS]).strip()
    marks = [mark for _, mark in zip(range(_MAX_SWITCHES), _SWITCH.finditer(body), strict=False)]
    ends = [*(mark.start() for mark in marks[1:]), len(body)]
    values = {
        (mark[1] or mark[2]).lower(): body[mark.end() : end].lstrip("= \t\n").strip()
        for mark, end in zip(marks, ends, strict=False)
    }
    return (body[: marks[0].start()] if marks else body).strip(), values


def generation_of(prompt: str, switches: Mapping[str, str]) -> Generation:
    """The normalised view; a model is known only if a switch names it."""
    niji, plain = switches.get("niji"), switches.get("v") or switches.get("version")
    return Generation(
        tool="Midjourney",
        model=f"niji {niji}".strip() if niji is not None else plain,
        prompt=_WRAPPED.sub("", prompt).strip(),
        negative_prompt=switches.get("no"),
        seed=as_seed(switches.get("seed")),
        inputs=tuple(dict.fromkeys(_inputs(prompt, switches))),
    )


def _inputs(prompt: str, switches: Mapping[str, str]) -> Iterator[Input]:
    moves = "video" in switches or "motion" in switches
    for url in _URL.findall(prompt)[:64]:
        yield Input(name=url[:1000], role="init" if moves else "reference")
    for switch, role in _ROLES.items():
        for url in _URL.findall(switches.get(switch, ""))[:64]:
            yield Input(name=url[:1000], role=role)


class Midjourney:
    """Reader of Midjourney's description."""

    name = "midjourney"
    version = "2"

    def score(self, probe: Probe) -> int:
        return 90 if next(_found(probe), None) else 0

    def read(self, probe: Probe) -> Sequence[Claim]:
        source = _source_type(probe)
        claims = []
        for text, words, job in _found(probe):
            prompt, switches = split_switches(words)
            fields = {"job_id": job, "parameters": switches}
            generation = generation_of(prompt, switches)
            claims.append(claim_of(self, text, generation, fields, ai_generated=True, digital_source_type=source))
        return claims


def _found(probe: Probe) -> Iterator[tuple[Text, str, str]]:
    """(carrier, description, job id); the description also stands in XMP."""
    for text in plain_texts(probe):
        at = text.text.find("Job ID:")
        if at >= 0 and (job := _JOB.search(text.text, max(0, at - 1))):
            yield text, text.text, job[1]
    for text in xmp_texts(probe):
        if b"Job ID:" in text.raw:
            words = xmp.first(xmp.properties(text.raw), xmp.DC, "description") or ""
            if job := _JOB.search(words):
                yield text, words, job[1]


def _source_type(probe: Probe) -> str | None:
    found = [xmp.first(xmp.properties(raw), xmp.IPTC_EXT, "DigitalSourceType") for raw in probe.xmp]
    return next((source_type.short(s) for s in found if s), None)


PLUGIN = Midjourney()
