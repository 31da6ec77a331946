"""From a C2PA verdict to a claim: which tool made the picture, and whether anything in the chain says AI.

The whole chain counts, not the active manifest alone: ChatGPT's says only "opened", the generation stands in the
ingredient. A claim is what the file states; whether its signature is good is `provenance`'s verdict, kept beside it.
"""

import re
from collections.abc import Iterable
from typing import Any

from dam.metadata import source_type
from dam.metadata.contract import as_text, storable
from dam.model import Claim, Credentials, Generation

READER = "c2pa"
VERSION = "1"
# (words in a software agent, generator, description or issuer; tool). First match wins: products before their makers.
_TOOLS: tuple[tuple[tuple[str, ...], str], ...] = (
    (("dall-e", "dall·e", "dalle"), "DALL-E"),
    (("sora",), "OpenAI Sora"),
    (("chatgpt",), "ChatGPT"),
    (("gpt-image", "gpt-4o", "gpt 4o", "openai"), "OpenAI"),
    (("image creator from designer", "microsoft designer", "designer"), "Microsoft Designer"),
    (("bing image creator", "image creator", "bing"), "Bing Image Creator"),
    (("firefly",), "Adobe Firefly"),
    (("imagen", "gemini", "veo", "nano banana", "google"), "Google Generative AI"),
    (("black forest labs", "flux"), "Black Forest Labs API"),
    (("photo assist", "galaxy", "samsung"), "Samsung Galaxy AI"),
    (("titan image", "nova canvas", "amazon", "aws"), "Amazon"),
    (("stability", "stable image"), "Stability AI"),
    (("midjourney",), "Midjourney"),
    (("runway",), "Runway"),
    (("elevenlabs", "eleven labs"), "ElevenLabs"),
    (("kling", "kuaishou"), "Kling"),
    (("luma",), "Luma"),
    (("pika",), "Pika"),
    (("seedream", "doubao", "jimeng", "bytedance", "capcut", "tiktok"), "ByteDance"),
    (("ideogram",), "Ideogram"),
    (("leonardo",), "Leonardo.Ai"),
    (("meta ai", "imagine with meta"), "Meta AI"),
    (("copilot", "microsoft"), "Microsoft"),
    (("photoshop",), "Adobe Photoshop"),
)
_MODEL_NAME = re.compile(
    r"(gpt-image|gpt-4o|dall.?e|flux|imagen|gemini|veo|sora|titan|nova|nano banana)", re.IGNORECASE
)
_AI_WORDS = re.compile(
    r"\bAI[- ]generated\b|\bgenerative (?:ai|fill|expand)\b|\bcreated (?:using|with) (?:generative )?ai\b",
    re.IGNORECASE,
)
_PLACEHOLDERS = frozenset(
    ("ai generated image", "ai-generated image", "ai generated content", "n/a", "prompt", "unknown")
)


def claim_from_credentials(credentials: Credentials, raw_bytes: int = 0) -> Claim | None:
    """The claim of a file's manifest store; None if it has none that could be read."""
    if not (credentials.actions or credentials.generator or credentials.label or credentials.software_agents):
        return None
    sources = _sources(credentials)
    says = _says_ai(credentials, sources)
    generation = _generation(credentials) if says else None
    chosen = next((s for s in sources if source_type.says_ai(s)), None) or next(iter(sources), None)
    fields = {
        "state": str(credentials.state),
        "generator": credentials.generator,
        "issuer": credentials.issuer,
        "software_agents": list(credentials.software_agents),
        "actions": [action.action for action in credentials.actions],
        "digital_source_types": sources,
    }
    return Claim(
        carrier="c2pa",
        reader=READER,
        reader_version=VERSION,
        raw=b"",
        raw_bytes=raw_bytes,
        fields=storable(fields),
        confidence=0.9 if says else 0.6,
        generation=generation,
        ai_generated=says,
        digital_source_type=chosen,
    )


def _sources(credentials: Credentials) -> list[str]:
    given = [*credentials.digital_source_types, *(a.digital_source_type or "" for a in credentials.actions)]
    return list(dict.fromkeys(source_type.short(s) for s in given if s))


def _says_ai(credentials: Credentials, sources: Iterable[str]) -> bool | None:
    """True if anything in the chain says AI; False only if something says camera or hand and nothing says AI."""
    says = [source_type.says_ai(s) for s in sources]
    texts = [a.description or "" for a in credentials.actions]
    if True in says or any(_AI_WORDS.search(t) for t in texts) or _content(credentials):
        return True
    return False if False in says else None


def _content(credentials: Credentials) -> dict[str, Any]:
    """Black Forest Labs' own assertion, where the verdict carries it."""
    found = credentials.custom.get("c2pa.ai_generated_content")
    return found if isinstance(found, dict) else {}


def _generation(credentials: Credentials) -> Generation:
    agents = [a for a in (*(x.software_agent for x in credentials.actions), *credentials.software_agents) if a]
    ai_agents = [
        a.software_agent
        for a in credentials.actions
        if a.software_agent
        and source_type.says_ai(a.digital_source_type or "")
        and not a.action.startswith("c2pa.watermarked")  # who marked a picture has not made it
    ]
    tool, evidence = _tool(
        [*ai_agents, *agents, credentials.generator, *_descriptions(credentials), credentials.issuer]
    )
    if tool == "OpenAI" and "chatgpt" in (credentials.generator or "").lower():
        tool = "ChatGPT"  # the agent is the model, the product stands in the generator
    named = next((a for a in (*ai_agents, *agents) if _MODEL_NAME.search(a)), None)
    content = _content(credentials)
    return Generation(
        tool=tool or next(iter(ai_agents), None) or as_text(credentials.generator) or as_text(credentials.issuer),
        tool_version=None if evidence == named else _version(evidence),
        model=as_text(content.get("model")) or named,
        prompt=_prompt(content.get("prompt")),
    )


def _descriptions(credentials: Credentials) -> list[str]:
    return [action.description for action in credentials.actions if action.description]


def _tool(texts: Iterable[str | None]) -> tuple[str | None, str | None]:
    """The first text that names a known tool, with that tool."""
    for text in texts:
        low = (text or "").lower()
        for words, tool in _TOOLS:
            if any(re.search(rf"(?<![a-z]){re.escape(word)}", low) for word in words):
                return tool, text
    return None, None


def _version(text: str | None) -> str | None:
    """A version at the end of "name/1.2" or "name 1.2"."""
    found = re.search(r"[/ ]v?(\d+(?:\.\d+)+[\w.+-]*)\)?$", text or "")
    return found[1] if found else None


def _prompt(value: Any) -> str | None:
    text = as_text(value)
    return None if text is None or text.lower().strip(". ") in _PLACEHOLDERS else text
