"""Hosted generators inside ComfyUI graphs: whose node it is, whether it makes media, and what it was asked.

A node counts by its shape (a prompt of its own and knobs of generation, no local model, encoder or latent on its inputs).
The table only spells services; its class-name patterns also recognise nodes without a prompt (upscalers, image to 3D).
"""

import re
from collections.abc import Sequence
from collections.abc import Set as AbstractSet
from typing import Any

from dam.metadata.comfy_graph import Graph, Node, number
from dam.metadata.comfy_strings import string
from dam.metadata.contract import as_count, as_float, as_seed, as_size, as_text
from dam.model import Stage

HOST = "ComfyUI"
PROMPTS = ("prompt", "positive_prompt", "prompt_text", "text_prompt", "gpt_prompt")
SEEDS = ("seed", "noise_seed", "rand_seed", "seed_num", "model_seed", "image_seed")
# How class names of hosted nodes begin, with the service's name. Families that also have local models need the end too.
_SERVICES: tuple[tuple[str, str], ...] = (
    (r"OpenAI\w*Sora|Sora\d?\w*(?:Node|Api)\b", "OpenAI Sora"),
    (r"OpenAI\w*Dall\w*|Dall[Ee]\d?", "DALL-E"),
    (r"Open[Aa][Ii]", "OpenAI"),
    (r"Gemini|Veo|Imagen|NanoBanana|Google|Lyria", "Google Generative AI"),
    (r"Kling", "Kling"),
    (r"Runway(?:ML)?", "Runway"),
    (r"Eleven[Ll]abs", "ElevenLabs"),
    (r"Luma", "Luma"),
    (r"Pika(?:dditions|swaps|ffects|Scenes)?", "Pika"),
    (r"Pix[Vv]erse", "PixVerse"),
    (r"Vidu", "Vidu"),
    (r"Ideogram(?!\d?Scheduler)", "Ideogram"),
    (r"Recraft", "Recraft"),
    (r"Minimax|Hailuo", "MiniMax"),
    (r"Moonvalley", "Moonvalley"),
    (r"ByteDance|Seedance|Seedream|Doubao|Jimeng", "ByteDance"),
    (r"Tripo(?!Splat|SR|SG)", "Tripo"),
    (r"Rodin", "Rodin"),
    (r"Meshy", "Meshy"),
    (r"Tencent\w+Node\b|Hunyuan\w*Api\b", "Tencent Hunyuan"),
    (r"Wan\w*Api\b", "Wan"),
    (r"Qwen\w*Api\b", "Qwen"),
    (r"HappyHorse", "HappyHorse"),
    (r"Ltxv?Api\w*", "Lightricks"),
    (r"Flux\w*Node\b", "Black Forest Labs API"),
    (r"Stability(?:AI)?|Stable(?:Image|Audio)\w*(?:Node|Api)\b", "Stability AI"),
    (r"Krea\d?\w*Node\b", "Krea"),
    (r"Grok", "Grok"),
    (r"Midjourney", "Midjourney"),
    (r"Firefly", "Adobe Firefly"),
    (r"Bria", "BRIA"),
    (r"HeyGen", "HeyGen"),
    (r"Topaz", "Topaz"),
    (r"Magnific", "Magnific"),
    (r"HitPaw", "HitPaw"),
    (r"Wave[Ss]peed", "WaveSpeed"),
    (r"Clarity", "Clarity AI"),
    (r"Beeble", "Beeble"),
    (r"Higgsfield", "Higgsfield"),
    (r"FishAudio", "Fish Audio"),
    (r"MetaMuse\w*", "Meta AI"),
    (r"Mirelo", "Mirelo"),
    (r"Sonilo", "Sonilo"),
    (r"Pruna", "Pruna"),
    (r"Quiver", "Quiver"),
    (r"Reve(?![a-z])\w*(?:Node|Api)\b", "Reve"),
    (r"Sync\w+Node\b", "Sync"),
    (r"Veed", "VEED"),
    (r"CambAI|Cambai", "CAMB.AI"),
    (r"OpenRouter", "OpenRouter"),
    (r"Claude|Anthropic", "Anthropic"),
    (r"Suno", "Suno"),
    (r"Udio", "Udio"),
)
_NAMED = re.compile("|".join(f"(?P<s{at}>(?:{pattern})(?![a-z]))" for at, (pattern, _) in enumerate(_SERVICES)))
# The same names as words inside the class names of third parties (`fal_kling_video`, `RH_Hailuo`).
_WORDS = re.compile(
    r"kling|runway|elevenlabs|luma|pika|pixverse|vidu|recraft|ideogram|hailuo|moonvalley|veo|gemini|openai|dall-?e|sora|grok"
    r"|midjourney|seedance|seedream|suno|udio|firefly"
)
_HOSTED_END = re.compile(r"(?:Api|API|_api|_fal|Replicate)(?:Node)?(?:V\d+)?$")
# What only nodes that run a model here take.
_LOCAL = frozenset(
    (
        "clip",
        "vae",
        "latent",
        "latent_image",
        "samples",
        "conditioning",
        "positive",
        "negative",
        "unet",
        "sigmas",
        "pipe",
    )
)
_KNOBS = frozenset(
    (
        "seed",
        "model",
        "model_name",
        "model_version",
        "negative_prompt",
        "aspect_ratio",
        "duration",
        "duration_s",
        "resolution",
    )
) | {"size", "image_size", "output_format", "quality", "ratio"}
_MODELS = ("model_name", "model", "model_version", "model_id", "rendering_model", "version", "engine", "tier")
_ASKED = ("duration", "duration_s", "aspect_ratio", "ratio", "resolution", "size", "mode", "quality", "voice", "fps")
_SIZES = ("size", "dimensions", "resolution", "aspect_ratio", "ratio", "empty_latent_size", "size_preset")
MAX_ASKED = 32
MAX_USERS = 200
_WORDY = re.compile(r"prompt|text|script|lyrics|caption|description|dialogue|instruction", re.IGNORECASE)
_NOT_WORDY = re.compile(r"negative|system|style|enhanc|optimi|upsampl|texture|context|format|strength", re.IGNORECASE)
_TEXT_INPUT = re.compile(r"(?<!_)text|string|prompt|caption|lyrics|tags|source|json|instruction|script", re.IGNORECASE)
_PASS_ON = re.compile(r"^(?:on_|any|input|value|item|$|\*)", re.IGNORECASE)
# Words of class names that say what a node does, not which model does it.
_VERBS = re.compile(
    r"(?:^|(?<=[a-z\d_]))(?:Text|Txt\d?|Image|Img|Video|Audio|Speech|Music|Sound|Model|To|With|From|Node|API|Api|Edit|Generate"
    r"|Generation|First|Last|Start|End|Frame|Reference|Multi|View|Effects|Extend|Upscaler?|Remove|Background|Vector|Dialogue"
    r"|Multiview|Single|Dual|Character|And|Create)(?![a-z])"
)


def named_service(kind: str) -> str | None:
    """The service that a class name belongs to, if it begins as that service's nodes do."""
    found = _NAMED.match(kind[:100])
    return _SERVICES[int(found.lastgroup[1:])][1] if found and found.lastgroup else None


def is_local(node: Node) -> bool:
    """Whether a node takes what only a model on this machine takes."""
    return (
        any(key in _LOCAL or key.endswith("embeds") for key in node.links)
        or isinstance(node.literals.get("model"), list)
        or ("model" in node.links and not any(key.startswith("model.") for key in node.links))
    )


def service_of(node: Node) -> str | None:
    """The service whose node this is. None = none, or one that cannot be named."""
    if is_local(node):
        return None
    if found := named_service(node.kind):
        return found
    if not asks(node):
        return None
    word = _WORDS.search(node.kind.lower()[:100])
    if word:
        return named_service({"dall-e": "Dalle"}.get(word[0], word[0].capitalize())) or _spelled(word[0])
    if _HOSTED_END.search(node.kind[:200]):
        return re.sub(r"_+|\s+", " ", _without_verbs(_HOSTED_END.sub("", node.kind[:200]))).strip(" _") or None
    return None


def _spelled(word: str) -> str | None:
    return {"elevenlabs": "ElevenLabs", "openai": "OpenAI"}.get(word)


def asks(node: Node) -> bool:
    """Whether a node asks a generator by itself: a prompt of its own, no encoder, and a knob of generation."""
    names = {*node.literals, *node.links}
    return bool(names & set(PROMPTS)) and bool(names & _KNOBS) and "clip" not in names and "prompt_a" not in names


class Services:
    """The hosted nodes of one graph that make the media, told from their helpers and from writers of prompts."""

    def __init__(self, graph: Graph, order: Sequence[Node]) -> None:
        self._graph = graph
        self._users: dict[str, list[tuple[str, str]]] = {}
        for node in order:
            for key, link in node.links.items():
                self._users.setdefault(link.node, []).append((node.id, key))
        self._names = {node.id: name for node in order if (name := service_of(node)) is not None}

    def makers(self, order: Sequence[Node], *, texts: bool = False) -> list[Node]:
        """Nodes that make what is seen or heard, in order; with `texts` those that write text as well."""
        return [n for n in order if n.id in self._names and self._works(n) and (texts or self._reaches_media(n.id))]

    def name(self, node: Node) -> str | None:
        return self._names.get(node.id)

    def _works(self, node: Node) -> bool:
        """Not a helper (camera path, voice, style) that only sets another hosted node."""
        if {*node.literals, *node.links} & {*PROMPTS, *SEEDS, "model", "model_name", "model_version"}:
            return True
        users = self._users.get(node.id, [])
        if not node.links:
            return False  # asks nothing and is given nothing: a size, a colour
        return not users or any(user not in self._names for user, _ in users[:MAX_USERS])

    def _reaches_media(self, start: str) -> bool:
        """Whether anything but text goes on from a node; switches and lists are looked through."""
        seen, queue = {start}, [start]
        if start not in self._users:
            return True
        while queue and len(seen) < 200:
            for user, key in self._users.get(queue.pop(), ())[:MAX_USERS]:
                if not self._graph.budget.spend(2):
                    return True
                if _PASS_ON.search(key):
                    if "filename_prefix" in self._graph.nodes[user].literals:
                        return True
                    if user not in seen:
                        seen.add(user)
                        queue.append(user)
                elif not _TEXT_INPUT.search(key):
                    return True
        return False


def service_stage(graph: Graph, node: Node, tool: str | None) -> Stage:
    """What one hosted node was asked."""
    width, height = own_size(graph, node)
    return Stage(
        tool=tool or HOST,
        model=_model(graph, node) or (_variant(node.kind) if tool else node.kind),
        prompt=_prompt(graph, node),
        negative_prompt=input_text(graph, node, "negative_prompt"),
        seed=as_seed(number(graph, node, SEEDS)),
        steps=as_count(number(graph, node, ("steps", "num_inference_steps", "sampling_steps", "num_steps"))),
        cfg_scale=as_float(number(graph, node, ("cfg", "cfg_scale", "guidance_scale", "guidance", "prompt_guidance"))),
        width=width,
        height=height,
    )


def asked_of(graph: Graph, services: AbstractSet[str | None]) -> list[dict[str, Any]]:
    """The reader's own view of the nodes of these services: what the shared shape has no field for."""
    found = ((node, service_of(node)) for node in graph.nodes.values())
    return [_asked(node, tool) for node, tool in found if tool is not None and tool in services][:MAX_ASKED]


def _asked(node: Node, tool: str) -> dict[str, Any]:
    given = {key: value for key in _ASKED if isinstance(value := node.literals.get(key), (str, int, float))}
    return {"service": tool, "node": node.kind, **given}


def _model(graph: Graph, node: Node) -> str | None:
    for key in _MODELS:
        found = as_text(input_text(graph, node, key), limit=200)
        if found and "\n" not in found:
            return found
    mode = node.literals.get("mode")  # Kling's older nodes: "standard mode / 5s duration / kling-v2-master"
    parts = [part.strip() for part in mode.split("/")] if isinstance(mode, str) else []
    return next((p for p in parts if len(parts) > 1 and re.fullmatch(r"[a-z]+-v[\w.-]+", p)), None)


def _variant(kind: str) -> str | None:
    """What a class name says of the model: "FluxProUltra", "RunwayGen4". None = nothing but the service and the deed."""
    rest = _without_verbs(re.sub(r"(?<=Node|.Api)_?V?\d+$", "", kind[:100])).strip("_ ")
    return rest if re.search(r"\d(?!D)|(?:Pro|Max|Ultra|Kontext|Turbo|Dev|Core)(?![a-z])|Dall", rest) else None


def _without_verbs(kind: str) -> str:
    return _VERBS.sub("", kind)


def _prompt(graph: Graph, node: Node) -> str | None:
    """The prompt; a node that is asked in pieces (lines of a dialogue, shots) gives them on lines of their own."""
    for key in PROMPTS:
        found = input_text(graph, node, key)
        if found:
            return found
    keys = [k for k in (*node.literals, *node.links) if _WORDY.search(k) and not _NOT_WORDY.search(k)]
    texts = [t for key in keys[:100] if (t := input_text(graph, node, key)) and not _is_option(t)]
    if texts:
        return "\n".join(dict.fromkeys(texts))
    return next((t for key in PROMPTS if (t := input_text(graph, node, key)) is not None), None)


def _is_option(text: str) -> bool:
    return text.lower() in ("auto", "none", "true", "false", "enabled", "disabled", "default", "on", "off")


def input_text(graph: Graph, node: Node, key: str) -> str | None:
    """A text input, literal or linked; a node that sets several things is asked for the one of that name."""
    value = node.literals.get(key)
    if isinstance(value, str) or key not in node.links:
        return value if isinstance(value, str) else None
    behind = graph.nodes.get(node.links[key].node)
    same = behind.literals.get(key) if behind else None
    return same if isinstance(same, str) else string(graph, node.links[key])


def own_size(graph: Graph, node: Node) -> tuple[int | None, int | None]:
    """The width and height that a node itself is set to."""
    for wide, high in (("width", "height"), ("empty_latent_width", "empty_latent_height")):
        if wide in node.literals or wide in node.links:
            width, height = as_count(number(graph, node, (wide,))), as_count(number(graph, node, (high,)))
            if width and height:
                return width, height
    for key in _SIZES:
        value = node.literals.get(key)
        pixels = re.search(r"\d{3,5} ?[x×*:] ?\d{3,5}", value[:100]) if isinstance(value, str) else None
        if pixels:
            return as_size(pixels[0])
    return None, None
