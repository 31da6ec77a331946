"""From a C2PA verdict to a claim: which tool made the picture, and whether anything in the chain says AI.

The whole chain counts, not the active manifest alone: ChatGPT's says only "opened", the generation stands in the
ingredient. A claim is what the file states; whether its signature is good is `provenance`'s verdict, kept beside it.
"""

import re
from collections.abc import Iterable

from dam.metadata import c2pa_names, source_type
from dam.metadata.contract import as_prompt, as_text, storable
from dam.model import Action, Claim, Credentials, Generation

READER = "c2pa"
VERSION = "2"
_AI_WORDS = re.compile(
    r"\bAI[- ]generated\b|\bgenerative (?:ai|fill|expand)\b|\bcreated (?:using|with) (?:generative )?ai\b",
    re.IGNORECASE,
)
_PLACEHOLDERS = frozenset(
    ("ai generated image", "ai-generated image", "ai generated content", "n/a", "prompt", "unknown", "none", "redacted")
)
_PLAIN_MODELS = frozenset(("custom ai model", "ai model", "model", "unknown"))
_VERSION_KEYS = frozenset(("version", "modelversion", "model_version"))
_MODEL_KEYS = frozenset(("model", "modelname", "model_name", "modelid", "model_id"))
_PROMPT_KEYS = frozenset(("prompt", "textprompt", "text_prompt", "userprompt", "user_prompt"))


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
        "generator_version": credentials.generator_version,
        "issuer": credentials.issuer,
        "software_agents": list(credentials.software_agents),
        "actions": [action.action for action in credentials.actions],
        "digital_source_types": sources,
        "disclosed": dict(credentials.disclosed),
        "parameters": _parameters(credentials),
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


def _parameters(credentials: Credentials) -> dict[str, str]:
    """What vendors say of their own actions, the first that says it."""
    found: dict[str, str] = {}
    for action in _ai_actions(credentials):
        for key, value in action.parameters.items():
            found.setdefault(key, value)
    return dict(list(found.items())[:64])


def _says_ai(credentials: Credentials, sources: Iterable[str]) -> bool | None:
    """True if anything in the chain says AI; False only if something says camera or hand and nothing says AI."""
    says = [source_type.says_ai(s) for s in sources]
    if True in says or _disclosed_ai(credentials) or any(_is_ai(action) for action in credentials.actions):
        return True
    return False if False in says else None


def _disclosed_ai(credentials: Credentials) -> bool:
    """Whether an assertion of the chain speaks of an AI system, a model or a prompt."""
    said = credentials.disclosed.get("ai_generated")
    if said == "false":
        return False
    return said == "true" or any(
        credentials.disclosed.get(name) for name in ("system", "prompt", "prompt_writer", "model_type")
    )


def _is_ai(action: Action) -> bool:
    """Whether the action itself says so: its source type, its words, or an agent that does nothing but generate."""
    says = source_type.says_ai(action.digital_source_type or "")
    if says is not None:
        return says
    if _AI_WORDS.search(action.description or ""):
        return True
    made = action.action in ("c2pa.created", "c2pa.edited", "c2pa.placed")
    return made and not action.digital_source_type and c2pa_names.only_generates(action.software_agent)


def _ai_actions(credentials: Credentials) -> list[Action]:
    """The actions that say AI. Who put a watermark on a picture has not made it."""
    return [a for a in credentials.actions if _is_ai(a) and not a.action.startswith("c2pa.watermarked")]


def _generation(credentials: Credentials) -> Generation:
    makers = _ai_actions(credentials)
    agents = [a for a in (*(x.software_agent for x in credentials.actions), *credentials.software_agents) if a]
    ai_agents = [a.software_agent for a in makers if a.software_agent]
    said = credentials.disclosed
    descriptions = [action.description for action in credentials.actions if action.description]
    named_system = [said["system"]] if "system" in said else []
    texts = [*ai_agents, *named_system, *agents, credentials.generator, *descriptions, credentials.issuer]
    tool, evidence = c2pa_names.tool_of(texts)
    if tool == "OpenAI" and "chatgpt" in (credentials.generator or "").lower():
        tool = "ChatGPT"  # the agent is the model, the product stands in the generator
    named = next((a for a in (*ai_agents, *agents) if c2pa_names.names_model(a)), None)
    spoken_model = as_text(said.get("model")) or _from(makers, _MODEL_KEYS) or as_text(said.get("model_id"))
    title = said.get("model_title")
    return Generation(
        tool=tool
        or next(iter([*ai_agents, *named_system]), None)
        or as_text(credentials.generator)
        or as_text(credentials.issuer),
        tool_version=_tool_version(credentials, makers, tool, evidence, named),
        model=spoken_model or named or (title if title and title.lower() not in _PLAIN_MODELS else None),
        prompt=_prompt(said.get("prompt")) or _prompt(_from(makers, _PROMPT_KEYS)),
    )


def _tool_version(
    credentials: Credentials, makers: Iterable[Action], tool: str | None, evidence: str | None, named: str | None
) -> str | None:
    """The version that the maker states of itself: in its action's parameters, beside its agent, at the end of its name.

    A signing library's version is nobody's.
    """
    own = [a for a in makers if c2pa_names.tool_of([a.software_agent])[0] in (None, tool)]
    version = _from(own, _VERSION_KEYS) or next((a.agent_version for a in own if a.agent_version), None)
    if version or evidence is None:
        return version or credentials.disclosed.get("version")
    if evidence == credentials.disclosed.get("system"):
        return credentials.disclosed.get("version")
    generator = credentials.generator or ""
    if evidence == generator and credentials.generator_version and "library" not in generator.lower():
        return credentials.generator_version
    if evidence == named or (evidence == generator and "library" in generator.lower()):
        return None
    found = re.search(r"[/ ]v?(\d+(?:\.\d+)+[\w.+-]*)\)?$", evidence)
    return found[1] if found else None


def _from(actions: Iterable[Action], names: frozenset[str]) -> str | None:
    """The first parameter whose last dotted part is one of these ("com.adobe.firefly.version")."""
    given = ((key.rpartition(".")[2].lower(), value) for action in actions for key, value in action.parameters.items())
    return next((text for key, value in given if key in names and (text := as_text(value))), None)


def _prompt(value: str | None) -> str | None:
    text = as_prompt(value)
    return None if not text or text.lower().strip(". ") in _PLACEHOLDERS else text.strip()
