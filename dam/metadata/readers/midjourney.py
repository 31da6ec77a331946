"""Midjourney: PNG `Description` "prompt --ar 4:3 --v 5.2 Job ID: uuid"; no tool name stands anywhere.

The job id is the mark (also XMP `iptcExt:DigImageGUID`). `--v` and `--niji` name the model, `--no` the negative prompt.
"""

import re
from collections.abc import Sequence

from dam.media.probe import Probe, Text
from dam.metadata import source_type, xmp
from dam.metadata.contract import as_seed, claim_of, plain_texts
from dam.model import Claim, Generation, Input

_JOB = re.compile(r"\bJob ID:\s*([0-9a-f]{8}(?:-[0-9a-f]{4}){3}-[0-9a-f]{12})", re.IGNORECASE)
_PARAM = re.compile(r"(?:^|\s)(?:--|—)([a-z]+)(?:[ =]+((?:(?!\s(?:--|—)).)*))?", re.DOTALL)
_URL = re.compile(r"https?://\S+")


def generation_of(text: str) -> Generation:
    """The prompt without its switches and job id, and what the switches say."""
    body = _JOB.sub("", text).strip()
    first = _PARAM.search(body)
    prompt = body[: first.start()] if first else body
    switches = {name: (value or "").strip() for name, value in _PARAM.findall(body)}
    niji, plain = switches.get("niji"), switches.get("v") or switches.get("version")
    images = _URL.findall(prompt) + [u for k in ("cref", "sref", "oref") for u in _URL.findall(switches.get(k, ""))]
    return Generation(
        tool="Midjourney",
        model=f"niji {niji}".strip() if niji is not None else plain,
        prompt=_URL.sub("", prompt).strip(),
        negative_prompt=switches.get("no"),
        seed=as_seed(switches.get("seed")),
        inputs=tuple(Input(name=url[:1000], role="reference") for url in dict.fromkeys(images)),
    )


class Midjourney:
    """Reader of Midjourney's description."""

    name = "midjourney"
    version = "1"

    def score(self, probe: Probe) -> int:
        return 90 if _found(probe) else 0

    def read(self, probe: Probe) -> Sequence[Claim]:
        source = _source_type(probe)
        claims = []
        for text, job in _found(probe):
            switches = {name: (value or "").strip() for name, value in _PARAM.findall(_JOB.sub("", text.text))}
            fields = {"job_id": job, "parameters": switches}
            generation = generation_of(text.text)
            claims.append(claim_of(self, text, generation, fields, ai_generated=True, digital_source_type=source))
        return claims


def _found(probe: Probe) -> list[tuple[Text, str]]:
    return [(text, job[1]) for text in plain_texts(probe) if (job := _JOB.search(text.text))]


def _source_type(probe: Probe) -> str | None:
    found = [xmp.first(xmp.properties(raw), xmp.IPTC_EXT, "DigitalSourceType") for raw in probe.xmp]
    return next((source_type.short(s) for s in found if s), None)


PLUGIN = Midjourney()
