"""Node graphs that do not lie in the file they made: a JSON document of its own, and the still picture beside a video."""

import re

from dam.media import png
from dam.media.carriers import TEXT_CAP_BYTES, Found, Source

_HEAD_BYTES = 64 << 10
_LIMITS = png.Limits(text_bytes=2 << 20, all_text_bytes=4 << 20, chunk_bytes=4 << 20, all_chunk_bytes=8 << 20, texts=64)
_API = re.compile(rb'"class_type"\s*:')
_EDITOR = re.compile(rb'"(?:last_node_id|widgets_values|definitions|revision)"\s*:')
# Nodes that write a video: only their graph may speak for the video beside the picture.
_WRITES_VIDEO = re.compile(
    r'"(?:class_type|type)"\s*:\s*"[^"]{0,80}(?:VideoCombine|Save_?Video|SaveWEBM|Video_?Save|Combine_?Video|CreateVideo'
    r"|VideoHelper|SaveAnimated)",
    re.IGNORECASE,
)


def read_json(source: Source, found: Found) -> None:
    """A JSON document that is a graph of ComfyUI becomes the carrier `json`; others are not read."""
    head = source.read(0, _HEAD_BYTES)
    graph = _API.search(head) or (b'"nodes"' in head and _EDITOR.search(head))
    if graph and source.size_bytes <= TEXT_CAP_BYTES:
        found.text("json", "document", source.read(0, source.size_bytes))


def read_first_frame(stem: str, found: Found) -> None:
    """Graphs in the PNG of the same stem beside a video, which VideoHelperSuite writes as `name_00001.png` beside
    `name_00001.mp4` and `name_00001-audio.mp4`: only if the video has no graph of its own, and only a graph that writes a
    video, because any picture may have the name of any video.
    """
    if any('"class_type' in text.text or '"nodes"' in text.text for text in found.texts):
        return
    for name in dict.fromkeys((stem, stem.removesuffix("-audio"))):
        try:
            with open(f"{name}.png", "rb") as stream:
                texts = png.walk(stream, _LIMITS).texts
        except OSError:
            continue
        graphs = [t for t in texts if t.key.lower() in ("prompt", "workflow") and _WRITES_VIDEO.search(t.text)]
        for each in graphs[:2]:
            found.text(f"sidecar:png:{each.key}", each.key, each.raw, each.text)
        if graphs:
            return
