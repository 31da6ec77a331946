"""Files that a ComfyUI graph read: loaders at its ends, with the role they play for the output."""

import re
from collections.abc import Sequence
from urllib.parse import parse_qs, urlsplit

from dam.metadata.comfy_graph import Graph, Node
from dam.model import Input

_MEDIA = re.compile(
    r"\.(png|jpe?g|webp|gif|bmp|tiff?|avif|exr|hdr|mp4|m4v|mov|webm|mkv|avi|wav|mp3|flac|ogg|opus|m4a|aac)$",
    re.IGNORECASE,
)
_SOUND = re.compile(r"\.(wav|mp3|flac|ogg|opus|m4a|aac)$", re.IGNORECASE)
_ADAPTER = re.compile(r"ipadapter|instantid|pulid|photomaker|insightface|face_analysis")
_ADDRESS = re.compile(r"(https?|ftp|s3)://", re.IGNORECASE)
_BATCH = re.compile(r"load.*(image|frame|video|dir|batch)|(image|frame|batch).*load", re.IGNORECASE)
_DIRECTORY = re.compile(r"^(directory|folder|folder_path|dir|path|image_directory|input_dir)$", re.IGNORECASE)
_FOLDER = re.compile(r" \[(input|output|temp)\]$")
_ORDER = ("init", "control", "reference", "style", "mask")


def inputs_of(graph: Graph, outputs: Sequence[str]) -> tuple[Input, ...]:
    """Every file that the outputs depend on, once, with the strongest of its roles and its SHA-256 if the graph has it."""
    roles = _roles(graph, outputs)
    found: dict[str, tuple[Input, set[str]]] = {}
    for node in sorted((graph.nodes[name] for name in roles), key=lambda n: n.id):
        for name in _media_names(node):
            sha = node.changed[0] if len(node.changed) == 1 and _MEDIA.search(name) else None
            each, known = found.get(name, (Input(name, sha), set()))
            found[name] = (each, known | roles[node.id])
    return tuple(Input(each.name, each.sha256, _role(name, known)) for name, (each, known) in found.items())


def _media_names(node: Node) -> list[str]:
    """Strings of a node without upstream pictures that name a media file."""
    if any(key in ("image", "images", "video", "audio", "samples") for key in node.links):
        return []
    if node.links and "load" not in node.kind.lower():
        return []
    names = []
    batch = _BATCH.search(node.kind[:200]) is not None
    for key, value in node.literals.items():
        parts = value if isinstance(value, list) else [value]
        for part in parts[:1000]:
            if isinstance(part, str) and len(part) < 1000 and "\n" not in part and "prefix" not in key:
                name = _shown(_FOLDER.sub("", part.strip()))
                if _MEDIA.search(name) or (batch and _DIRECTORY.search(key) and name):
                    names.append(name)
    return list(dict.fromkeys(names))


def _shown(name: str) -> str:
    """A name that may be shown: of an address only where it leads, because what follows may be a key or a password. An
    address of ComfyUI itself (`/view?filename=`) names a file.
    """
    if not _ADDRESS.match(name):
        return name
    try:
        parts = urlsplit(name)
        named = parse_qs(parts.query, max_num_fields=50).get("filename", [""])[0]
    except ValueError:
        return ""
    if _MEDIA.search(named):
        return named
    return f"{parts.scheme}://{parts.netloc.rpartition('@')[2]}{parts.path}"


def _role(name: str, known: set[str]) -> str | None:
    if _SOUND.search(name):
        return "audio"
    return next((role for role in _ORDER if role in known), None)


def _roles(graph: Graph, outputs: Sequence[str]) -> dict[str, set[str]]:
    """For every node behind the outputs, the roles of the ways on which it is reached."""
    reached: dict[str, set[str]] = {}
    stack = [(name, "") for name in outputs if name in graph.nodes]
    done = set(stack)
    while stack:
        name, role = stack.pop()
        node = graph.nodes[name]
        if not graph.budget.spend(2 + 5 * len(node.links)):
            break
        reached.setdefault(name, set()).update({role} - {"", "condition", "size"})
        for key, link in node.links.items():
            following = (link.node, _step(graph.nodes.get(link.node), node, key.lower(), link.slot, role))
            if following not in done and link.node in graph.nodes:
                done.add(following)
                stack.append(following)
    return reached


def _step(source: Node | None, node: Node, key: str, slot: int, role: str) -> str:
    """The role behind one more link. Roles other than init stay what they became nearest the output."""
    if role in ("control", "style", "mask", "reference", "size"):
        return role
    if key in ("width", "height"):
        return "size"  # only measured: no role in the picture
    if "mask" in key or (source and slot == 1 and "image" in source.literals and not source.links):
        return "mask"
    if key.startswith("image") and _likeness(node) and "kps" not in key:
        return "style"
    if "control" in key or ("control_net" in node.links and key not in ("positive", "negative", "conditioning", "vae")):
        return "control"
    if key.startswith(("clip_vision", "style_model", "ipadapter")):
        return "style"
    if key.startswith(("positive", "negative", "cond", "guider")):
        return "condition"
    if key.startswith("ref"):
        return "reference"
    if key.startswith(
        ("image", "pixels", "latent", "samples", "start_image", "end_image", "video", "frames", "first", "last")
    ):
        return "reference" if role == "condition" and not _shared(node) else "init"
    return role


def _likeness(node: Node) -> bool:
    """Whether a node lends a picture's look or face to the model."""
    return any(_ADAPTER.search(key) for key in node.links)


def _shared(node: Node) -> bool:
    """Whether a node makes conditions and latent at once (WanImageToVideo): its picture is where the video starts."""
    return {"positive", "negative"} <= set(node.links)
