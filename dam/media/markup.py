"""Texts of SVG and glTF files, and the C2PA sign of documents (PDF, ZIP, fonts, plain text)."""

import contextlib
import json
import re
import zipfile
import zlib
from collections.abc import Iterator
from typing import Any
from xml.etree.ElementTree import Element, ParseError

from defusedxml import DefusedXmlException
from defusedxml.ElementTree import fromstring

from dam.media.carriers import Found, Source

_SVG_CAP_BYTES = 16 << 20
_SVG_TAGS = 400_000
_GLTF_CAP_BYTES = 32 << 20
_GLTF_PARTS = 1_500_000
_SEARCH_CAP_BYTES = 64 << 20
_FONTS = (b"\0\1\0\0", b"OTTO", b"true", b"ttcf")
_ZIP_TAIL_BYTES = 4 << 20
_PDF_SCAN_BYTES = 16 << 20
_PROPERTIES_BYTES = 1 << 20
_ZIP_END_BYTES = 65536 + 22
_UNZIPPABLE = (OSError, zlib.error, NotImplementedError, RuntimeError, ValueError, LookupError, EOFError)
_LENGTH = re.compile(r"\s*(\d+(?:\.\d+)?)\s*(?:px)?\s*$")


def read_svg(source: Source, found: Found) -> None:
    data = source.read(0, _SVG_CAP_BYTES)
    found.has_c2pa = b"c2pa" in data.lower() or source.size_bytes > len(data) or b"\0" in data[:64]
    found.frame_count = 1
    for name in (b"x:xmpmeta", b"rdf:RDF"):
        for _, packet in _elements(data, name):
            if not any(packet in known for known in found.xmp):
                found.add_xmp(packet)
    try:
        root = _parsed(data)
    except (ParseError, DefusedXmlException, ValueError, LookupError) as error:
        found.problem("svg.damaged", f"The SVG is not well-formed or not safe to read: {type(error).__name__}.")
        for inner, _ in _elements(data, b"metadata"):
            found.text("svg:metadata", "metadata", _bare(inner))
        return
    found.size(*_svg_size(root))
    for element in _outermost(root, "metadata"):
        text = "".join(element.itertext()).strip()
        if text:
            found.text("svg:metadata", "metadata", text.encode("utf-8", "replace"), text)


def _outermost(root: Element, name: str) -> Iterator[Element]:
    """Elements called `name` in the file's order; not those inside another: their text is the outer one's too."""
    waiting = [root]
    while waiting:
        element = waiting.pop()
        if isinstance(element.tag, str) and element.tag.rpartition("}")[2] == name:
            yield element
        else:
            waiting.extend(reversed(element))


def _parsed(data: bytes) -> Element:
    if data.count(b"<") > _SVG_TAGS:
        raise ValueError(_SVG_TAGS)
    root: Element = fromstring(data)
    return root


def _elements(data: bytes, name: bytes) -> Iterator[tuple[bytes, bytes]]:
    """Contents and whole of the first few elements `name`, by searching forwards only: no regular expression can be
    made to go over a hostile text again and again.
    """
    at = 0
    for _ in range(8):
        start = data.find(b"<" + name, at)
        inside = data.find(b">", start) + 1
        end = data.find(b"</" + name, inside)
        if start < 0 or inside == 0 or end < 0:
            return
        at = end + len(name) + 3
        yield data[inside:end], data[start:at]


def _bare(inner: bytes) -> bytes:
    inner = inner.strip()
    return inner[9:-3].strip() if inner.startswith(b"<![CDATA[") and inner.endswith(b"]]>") else inner


def _svg_size(root: Element) -> tuple[int, int]:
    sizes = [_LENGTH.match(root.get(name, "")[:60]) for name in ("width", "height")]
    box = re.findall(r"-?\d+(?:\.\d+)?", root.get("viewBox", "")[:200])
    numbers = [float(m[1]) if m else float(box[2 + i]) if len(box) == 4 else 0.0 for i, m in enumerate(sizes)]
    width, height = (round(n) if 0 < n < 1e9 else 0 for n in numbers)
    return width, height


def read_glb(source: Source, found: Found) -> None:
    """The JSON chunk's asset.extras (glTF 2.0 §4.4): also from files whose binary header was mangled on the way."""
    head = source.read(0, 4096)
    length = int.from_bytes(head[12:16], "little")
    intact = head[16:20] == b"JSON" and 20 + length <= source.size_bytes
    if intact:
        data = source.read(20, min(length, _GLTF_CAP_BYTES))
    else:
        found.problem("glb.damaged", "The glTF header is damaged; the JSON was looked for behind it.")
        data = source.read(max(0, head.find(b"{", 12)), _GLTF_CAP_BYTES)
    if intact and int.from_bytes(head[8:12], "little") > source.size_bytes:
        found.problem("glb.truncated", "The file is shorter than its header says.")
    _gltf(data, found)


def read_gltf(source: Source, found: Found) -> None:
    _gltf(source.read(0, _GLTF_CAP_BYTES), found)


def _gltf(data: bytes, found: Found) -> None:
    if sum(map(data.count, (b",", b"[", b"{"))) > _GLTF_PARTS:
        found.problem("glb.damaged", "The glTF's JSON has far too many parts.")
        return
    try:
        document, _ = json.JSONDecoder().raw_decode(data.decode("utf-8", "replace").lstrip("\ufeff \t\r\n"))
    except (ValueError, RecursionError):
        found.problem("glb.damaged", "The glTF's JSON cannot be read.")
        return
    asset = document.get("asset") if isinstance(document, dict) else None
    if not isinstance(asset, dict):
        return
    for key, value in _items(asset.get("extras")):
        found.text("glb:extras", key, value.encode("utf-8", "replace"), value)
    for key in ("generator", "copyright"):
        if isinstance(asset.get(key), str):
            found.text("glb:asset", key, asset[key].encode("utf-8", "replace"), asset[key])


def _items(extras: Any) -> list[tuple[str, str]]:
    if not isinstance(extras, dict):
        return []
    with contextlib.suppress(RecursionError):
        return [(str(k), v if isinstance(v, str) else json.dumps(v)) for k, v in list(extras.items())[:256]]
    return []


def read_document(source: Source, found: Found, mime: str) -> None:
    """A PDF's XMP, China's label in Office files and Markdown; and whether a manifest may be inside.

    A PDF can keep both in compressed objects, so those count as maybe.
    """
    if mime == "application/pdf":
        _pdf_xmp(source, found)
    elif mime in ("text/markdown", "text/plain"):
        _front_matter(source, found)
    elif mime.startswith("application/vnd.openxmlformats-officedocument."):
        _office_properties(source, found)
    end = min(source.size_bytes, _SEARCH_CAP_BYTES)
    if mime == "application/pdf":
        found.has_c2pa = source.size_bytes > end or any(
            source.contains(word, 0, end) for word in (b"C2PA", b"c2pa", b"/ObjStm")
        )
    elif source.read(0, 2) == b"PK":  # the manifest has its own name in the directory (C2PA 2.4 §A.7)
        tail = max(0, source.size_bytes - _ZIP_TAIL_BYTES)
        found.has_c2pa = source.contains(b"content_credential.c2pa", tail, source.size_bytes) or (
            tail > 0 and source.read(0, _ZIP_TAIL_BYTES).count(b"PK\x03\x04") > 10_000
        )
    elif mime == "application/c2pa":
        found.has_c2pa = True
    elif source.read(0, 4) in _FONTS:
        found.has_c2pa = b"C2PA" in source.read(0, 4096)


def _pdf_xmp(source: Source, found: Found) -> None:
    """XMP streams of a PDF are kept bare so that programs can find them by scanning (XMP part 3 §1.1.4)."""
    for start in {0, max(0, source.size_bytes - _PDF_SCAN_BYTES)}:
        data = source.read(start, _PDF_SCAN_BYTES)
        for _, packet in _elements(data, b"x:xmpmeta"):
            found.add_xmp(packet)


def _front_matter(source: Source, found: Found) -> None:
    """The head of a Markdown file, if a label may stand in it."""
    head = source.read(0, 16 << 10).removeprefix(b"\xef\xbb\xbf")
    body, mark, _ = head.removeprefix(b"---").partition(b"\n---")
    if head.startswith(b"---") and mark and b"AIGC" in body:
        found.text("text:front_matter", "front_matter", b"---" + body)


def _office_properties(source: Source, found: Found) -> None:
    """The custom property `AIGC` of OOXML (TC260-PG-20258A), if the archive's directory is of a sane size."""
    tail = source.read(max(0, source.size_bytes - _ZIP_END_BYTES), _ZIP_END_BYTES)
    end = tail[tail.rfind(b"PK\5\6") :]
    if not end.startswith(b"PK\5\6") or int.from_bytes(end[12:16], "little") > _ZIP_TAIL_BYTES:
        return
    source.stream.seek(0)
    try:
        with zipfile.ZipFile(source.stream) as archive, archive.open("docProps/custom.xml") as part:
            data = part.read(_PROPERTIES_BYTES)
        root = _parsed(data)
    except (KeyError, zipfile.BadZipFile, ParseError, DefusedXmlException, *_UNZIPPABLE):
        return
    for element in root.iter():
        if element.get("name") == "AIGC":
            text = "".join(element.itertext()).strip()
            found.text("ooxml:custom:AIGC", "AIGC", text.encode("utf-8", "replace"), text)
