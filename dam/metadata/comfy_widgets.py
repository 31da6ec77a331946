"""Names for the widget values of the editor's nodes: from the file where it tells them, else by table, else by shape."""

import re
from collections.abc import Mapping, Sequence
from typing import Any

from dam.metadata.comfy_services import named_service
from dam.metadata.comfy_widget_names import WIDGETS

SEED_MODES = ("fixed", "increment", "decrement", "randomize", "increment-wrap")
_NUMBERS = frozenset(
    (
        "steps",
        "cfg",
        "denoise",
        "width",
        "height",
        "length",
        "batch_size",
        "strength",
        "strength_model",
        "duration",
        "fps",
    )
)
_STRINGS = frozenset(("prompt", "text", "tags", "lyrics", "model", "sampler_name", "scheduler", "image", "lora_name"))
_WIDGET_TYPES = ("STRING", "INT", "FLOAT", "BOOLEAN", "COMBO")
_SAMPLERS = re.compile(
    r"^(euler|heun|dpm|ddim|ddpm|lcm|lms|ipndm|deis|res_|uni_pc|er_sde|sa_solver|gradient_est|seeds_|plms|unipc|flowmatch)"
)
_SCHEDULERS = frozenset(
    [
        "normal",
        "karras",
        "exponential",
        "sgm_uniform",
        "simple",
        "ddim_uniform",
        "beta",
        "linear_quadratic",
        "kl_optimal",
        "beta57",
        "bong_tangent",
    ]
) | {"AYS SDXL", "AYS SD1", "AYS SVD", "GITS[coeff=1.2]", "LTXV[default]", "OSS FLUX", "OSS Wan"}
# Something chosen in a list: "Roger (male, american)", "Starlight (Astra) Fast", "1:1 (Square)".
_OPTION = re.compile(r"^[^.;!?]{0,60}\)$|^[\w.:+\-() ]{1,40}$")
_PERSONA = re.compile(r"you are an? |act as an? |system:", re.IGNORECASE)
_MODEL = re.compile(r"[A-Za-z][\w.\-]*/[\w.\-]+|[A-Za-z][\w.\-]*[ \w.\-\[\]()]*")
_NOT_MODEL = re.compile(
    r"^(mp[34]|m4a|wav|pcm|opus_|ulaw|png|jpe?g|webp|gif|glb|gltf|obj|fbx|h\.?26[45]|int\d|u?int\d|b?f(p|loat)?\d+|q\d"
    r"|.*\b\d{3,4}p\b|utf|rgb|image|video|frame|person|preset|batch|\w*\.(png|jpe?g|webp|mp[34]|wav|flac|glb|fbx|obj|txt))",
    re.IGNORECASE,
)
_PROMPT_INPUT = re.compile(r"(^|\.)(prompt|text|positive|positive_prompt)$")
_TWO_WORDS = re.compile(r"[^\W\d_]+( [^\W\d_]+)+")
_NEGATIVE = re.compile(
    r"^[^.!?]*,[^.!?]*,|blur|low quality|worst|\bbad\b|ugly|deform|distort|watermark|artifact", re.IGNORECASE
)
_PIXELS = re.compile(r"^(\(\dK\) ?)?\d{3,5} ?[x×*:] ?\d{3,5}\b")


def widgets(node: Mapping[str, Any]) -> dict[str, Any]:
    """Widget values by name. Names that the file does not tell and that nobody can know become `widget_N`."""
    if isinstance(node.get("widgets_values_named"), dict):
        return {str(k): v for k, v in node["widgets_values_named"].items()}
    values = node.get("widgets_values")
    if isinstance(values, dict):
        return {str(k): v for k, v in values.items()}
    if not isinstance(values, list):
        return {}
    kind = str(node.get("type"))
    named = _names_in_file(node)
    known = WIDGETS.get(kind)
    if known is not None and len(named) < len([n for n in known.split() if n != "*"]):
        return _by_table(known.split(), values)
    found, used = _in_order(named, values)
    if named and used >= len(values):
        return found
    # The file names only some of its widgets: their places are not known.
    hosted = named_service(kind) is not None
    return found if named and not hosted and _plausible(found) else _guessed(node, values, hosted=hosted)


def host_widgets(host: Mapping[str, Any], inputs: Sequence[Mapping[str, Any]]) -> dict[str, Any]:
    """Values of a subgraph's node by the names of the subgraph's `inputs`: a value for each input that is a widget."""
    values = host.get("widgets_values")
    named = host.get("widgets_values_named")
    if isinstance(named, dict) or not isinstance(values, list):
        return widgets(host)
    names = [str(each.get("name")) for each in inputs if each.get("type") in _WIDGET_TYPES]
    found, used = _in_order(names, values)
    if len(names) == len(values):
        return dict(zip(names, values, strict=True))
    return found if names and len(found) == len(names) and used == len(values) else widgets(host)


def _names_in_file(node: Mapping[str, Any]) -> list[str]:
    given = node.get("inputs")
    inputs = [i for i in given if isinstance(i, dict)] if isinstance(given, list) else []
    return [str(i["widget"].get("name")) for i in inputs if isinstance(i.get("widget"), dict)]


def _by_table(names: list[str], values: list[Any]) -> dict[str, Any]:
    """Values by known places; "*" is the seed's mode, which files of 2023 did not always have."""
    found: dict[str, Any] = {}
    at = 0
    for name in names:
        if at >= len(values):
            break
        if name == "*":
            at += isinstance(values[at], bool) or values[at] in SEED_MODES
            continue
        found[name] = values[at]
        at += 1
    return found


def _in_order(names: list[str], values: list[Any]) -> tuple[dict[str, Any], int]:
    """Values in the order of names, with how many were used up. A mode of the seed has a value and no name."""
    found: dict[str, Any] = {}
    at = 0
    for name in names:
        if at >= len(values):
            break
        found[name] = values[at]
        at += 1
        if (
            at < len(values)
            and isinstance(values[at], str)
            and values[at] in SEED_MODES
            and isinstance(found[name], int)
        ):
            at += 1
    return found, at


def _plausible(found: Mapping[str, Any]) -> bool:
    """Whether values fit the names that they got: numbers and texts are where their names want them."""
    for name, value in found.items():
        last = name.rpartition(".")[2]
        if last in _NUMBERS or "seed" in last:
            if not _number(value):
                return False
        elif last in _STRINGS and not isinstance(value, str):
            return False
    return True


def _guessed(node: Mapping[str, Any], values: list[Any], *, hosted: bool) -> dict[str, Any]:
    """Names by shape: a number before a seed mode is a seed, numbers before a sampler's name are steps and CFG, the first
    sentence is the prompt and a text right behind it the negative one; in a hosted node a name with a version is the model.
    """
    found: dict[str, Any] = {}
    texts = [at for at, value in enumerate(values) if _wordy(value) and not (hosted and _model_like(value))]
    prompt = _prompt_place(node, values, texts, hosted=hosted)
    for at, value in enumerate(values[:1000]):
        after = values[at + 1] if at + 1 < len(values) else None
        name = f"widget_{at}"
        if at == prompt:
            name = "prompt"
        elif prompt is not None and at == prompt + 1 and (value == "" or (at in texts and _NEGATIVE.search(value))):
            name = "negative_prompt"
        elif _whole(value) and isinstance(after, str) and after in SEED_MODES:
            name = "seed"
        elif isinstance(value, str) and _PIXELS.match(value):
            name = "size"
        elif hosted and (_model_like(value) or (at == 0 and _first_model(values))):
            name = "model"
        if isinstance(value, (str, int, float, dict)):
            found.setdefault(name, value)
    if prompt is not None and "dialogue" in str(node.get("type")).lower():
        found |= {"prompt": "\n".join(values[at] for at in texts)}
    return found | _sampling(values)


def _prompt_place(node: Mapping[str, Any], values: list[Any], texts: list[int], *, hosted: bool) -> int | None:
    """Where the prompt stands: the first sentence that is no persona for a language model."""
    found = next((at for at in texts if at == 0 or not _PERSONA.match(values[at].lstrip())), None)
    given = node.get("inputs")
    linked = [i for i in given if isinstance(i, dict) and i.get("link") is not None] if isinstance(given, list) else []
    if found is not None or not hosted or any(_PROMPT_INPUT.search(str(each.get("name"))) for each in linked):
        return found
    short = next((at for at, v in enumerate(values) if isinstance(v, str) and _TWO_WORDS.fullmatch(v)), None)
    return None if short == 0 and _first_model(values) else short


def _first_model(values: list[Any]) -> bool:
    """Whether the first of a hosted node's values names its model: a short name, then the text of the prompt."""
    if len(values) < 2 or not isinstance(values[0], str) or not isinstance(values[1], str):
        return False
    name = re.fullmatch(r"[A-Z][\w.]*(?: [A-Z(][\w.)]*){0,4}", values[0])
    return name is not None and (values[1] == "" or _wordy(values[1]) or " " in values[0])


def _sampling(values: list[Any]) -> dict[str, Any]:
    """Steps, CFG, sampler, scheduler and denoise, which custom samplers keep in the core's order."""
    at = next((i for i, v in enumerate(values) if isinstance(v, str) and _SAMPLERS.match(v)), None)
    if at is None:
        return {}
    found: dict[str, Any] = {"sampler_name": values[at]}
    if at >= 2 and isinstance(values[at - 2], int) and 0 < values[at - 2] <= 10_000 and _number(values[at - 1]):
        found |= {"steps": values[at - 2], "cfg": values[at - 1]}
    if at + 1 < len(values) and str(values[at + 1]) in _SCHEDULERS:
        found |= {"scheduler": values[at + 1]}
    if "scheduler" in found and at + 2 < len(values) and _number(values[at + 2]):
        found |= {"denoise": values[at + 2]} if 0 <= values[at + 2] <= 1 else {}
    return found


def _whole(value: Any) -> bool:
    return isinstance(value, int) and not isinstance(value, bool)


def _number(value: Any) -> bool:
    return isinstance(value, (int, float)) and not isinstance(value, bool)


def _wordy(value: Any) -> bool:
    """Whether a person wrote this, rather than chose it in a list."""
    return isinstance(value, str) and len(value.split()) >= 3 and not _option(value)


def _option(value: str) -> bool:
    words = value.split()
    shown = [w for w in words if w[:1].isalpha()]
    titled = all(w[0].isupper() or any(c.isdigit() for c in w) for w in shown)
    return len(value) <= 60 and bool(_OPTION.match(value)) and (value.endswith(")") or titled)


def _model_like(value: Any) -> bool:
    """A short name with a version in it: "kling-v2-master", "Seedance 2.0", "gpt-image-1"."""
    return (
        isinstance(value, str)
        and 1 < len(value) <= 60
        and bool(_MODEL.fullmatch(value))
        and (any(c.isdigit() for c in value) or bool(re.fullmatch(r"[a-z]+(-[a-z]+)+", value)))
        and not _NOT_MODEL.match(value)
    )
