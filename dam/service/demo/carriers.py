"""Files with metadata as the tools write it: PNG text, EXIF, XMP. Pure functions from pixels and text to bytes.

Grammar: A1111 and Forge write `parameters`, through piexif (big-endian, UTF-16BE) in JPEG; ComfyUI writes `prompt` and
`workflow`, as EXIF 0x0110/0x010F in WebP; Midjourney writes XMP into tEXt, not iTXt.
"""

import io
import struct
from collections.abc import Mapping
from datetime import datetime
from html import escape
from typing import Any

import cv2
import numpy as np
from numpy.typing import NDArray
from PIL import Image
from PIL.PngImagePlugin import PngInfo

from dam.service.demo.brushes import Pixels

TRAINED = "http://cv.iptc.org/newscodes/digitalsourcetype/trainedAlgorithmicMedia"
COMPOSITE = "http://cv.iptc.org/newscodes/digitalsourcetype/compositeWithTrainedAlgorithmicMedia"

_PNG_LEVEL = 4  # ComfyUI's own
_UTF8_IN_TEXT = {"Description", "XML:com.adobe.xmp"}  # Midjourney puts UTF-8 where the standard wants Latin-1
_EXIF_IFD, _MAKE, _MODEL, _SOFTWARE = 0x8769, 0x010F, 0x0110, 0x0131


def png(pixels: Pixels, texts: Mapping[str, str] | None = None) -> bytes:
    """PNG; each text becomes tEXt, or iTXt when Latin-1 cannot hold it (Pillow's rule, which A1111 and ComfyUI share)."""
    info = PngInfo()
    for key, value in (texts or {}).items():
        if key in _UTF8_IN_TEXT:
            info.add(b"tEXt", key.encode("ascii") + b"\0" + value.encode("utf-8"))
        else:
            info.add_text(key, value)
    out = io.BytesIO()
    Image.fromarray(pixels).save(out, "PNG", pnginfo=info, compress_level=_PNG_LEVEL)
    return out.getvalue()


def png16(pixels: NDArray[np.uint16]) -> bytes:
    """16-bit RGB PNG; Pillow cannot write one."""
    _, data = cv2.imencode(".png", pixels[..., ::-1], [cv2.IMWRITE_PNG_COMPRESSION, _PNG_LEVEL])
    return bytes(data)


def jpeg(pixels: Pixels, *, quality: int = 92, exif: bytes = b"", xmp: str = "") -> bytes:
    out = io.BytesIO()
    extra: dict[str, Any] = {"exif": exif} if exif else {}
    if xmp:
        extra["xmp"] = xmp.encode("utf-8")
    Image.fromarray(pixels).save(out, "JPEG", quality=quality, subsampling="4:2:0", **extra)
    return out.getvalue()


def user_comment(text: str) -> bytes:
    """EXIF holding only UserComment, byte for byte as piexif lays it out (no next-IFD link after the Exif IFD)."""
    value = b"UNICODE\0" + text.encode("utf-16-be")
    ifd0 = struct.pack(">HHHII", 1, _EXIF_IFD, 4, 1, 26) + b"\0\0\0\0"
    exif_ifd = struct.pack(">HHHII", 1, 0x9286, 7, len(value), 40)
    return b"Exif\0\0MM\0*\0\0\0\x08" + ifd0 + exif_ifd + value


def camera_exif(taken: datetime, make: str, model: str, lens: str) -> bytes:
    exif = Image.Exif()
    exif[_MAKE], exif[_MODEL], exif[_SOFTWARE] = make, model, "3.01"
    stamp = taken.strftime("%Y:%m:%d %H:%M:%S")
    exif[0x0132], exif[0x0112] = stamp, 1
    exif.get_ifd(_EXIF_IFD).update(
        {
            0x829A: (1, 640),  # exposure time, s
            0x829D: (8, 1),  # f-number
            0x8827: 100,  # ISO
            0x9003: stamp,
            0x9004: stamp,
            0x920A: (28, 1),  # focal length, mm
            0xA434: lens,
        }
    )
    return exif.tobytes()


def comfy_webp(pixels: Pixels, texts: Mapping[str, str]) -> bytes:
    """WebP as SaveAnimatedWEBP writes it: `prompt:{...}` in Model, further keys from Make downwards."""
    exif = Image.Exif()
    exif[_MODEL] = f"prompt:{texts['prompt']}"
    exif[_MAKE] = f"workflow:{texts['workflow']}"
    out = io.BytesIO()
    Image.fromarray(pixels).save(out, "WEBP", exif=exif, quality=88, method=0)
    return out.getvalue()


def _packet(toolkit: str, spaces: Mapping[str, str], attributes: Mapping[str, str], body: str = "") -> str:
    names = "".join(f'\n    xmlns:{name}="{uri}"' for name, uri in spaces.items())
    values = "".join(f'\n   {name}="{escape(value)}"' for name, value in attributes.items())
    return (
        '<?xpacket begin="\ufeff" id="W5M0MpCehiHzreSzNTczkc9d"?>\n'
        f'<x:xmpmeta xmlns:x="adobe:ns:meta/" x:xmptk="{toolkit}">\n'
        ' <rdf:RDF xmlns:rdf="http://www.w3.org/1999/02/22-rdf-syntax-ns#">\n'
        f'  <rdf:Description rdf:about=""{names}{values}>{body}\n  </rdf:Description>\n'
        " </rdf:RDF>\n</x:xmpmeta>\n" + " " * 64 + '\n<?xpacket end="w"?>'
    )


def midjourney_texts(prompt: str, job: str, author: str, made: datetime) -> dict[str, str]:
    """The four PNG texts of a Midjourney download."""
    xmp = _packet(
        "XMP Core 4.4.0-Exiv2",
        {"iptcExt": "http://iptc.org/std/Iptc4xmpExt/2008-02-29/"},
        {"iptcExt:DigImageGUID": job, "iptcExt:DigitalSourceType": TRAINED},
    )
    return {
        "Creation Time": made.strftime("%a, %d %b %Y %H:%M:%S GMT"),
        "Author": author,
        "Description": f"{prompt} Job ID: {job}",
        "XML:com.adobe.xmp": xmp.replace("\ufeff", ""),
    }


_SPACES = {
    "xmp": "http://ns.adobe.com/xap/1.0/",
    "dc": "http://purl.org/dc/elements/1.1/",
    "photoshop": "http://ns.adobe.com/photoshop/1.0/",
    "xmpMM": "http://ns.adobe.com/xap/1.0/mm/",
    "stEvt": "http://ns.adobe.com/xap/1.0/sType/ResourceEvent#",
    "stRef": "http://ns.adobe.com/xap/1.0/sType/ResourceRef#",
    "Iptc4xmpExt": "http://iptc.org/std/Iptc4xmpExt/2008-02-29/",
}
_PHOTOSHOP = "Adobe Photoshop 26.5 (Windows)"


def photoshop_xmp(document: str, parent: str, parent_file: str, saved: datetime) -> str:
    """What Photoshop leaves after opening `parent_file` (document id `parent`) and saving it under a new name."""
    stamp = saved.isoformat(timespec="seconds")
    history = "".join(
        f'\n     <rdf:li stEvt:action="{action}" stEvt:instanceID="xmp.iid:{document}-{k}" stEvt:when="{stamp}" '
        f'stEvt:softwareAgent="{_PHOTOSHOP}"/>'
        for k, action in enumerate(("created", "saved"))
    )
    body = (
        f'\n   <xmpMM:DerivedFrom stRef:instanceID="xmp.iid:{parent}-1" stRef:documentID="xmp.did:{parent}" '
        f'stRef:originalDocumentID="xmp.did:{parent}" stRef:filePath="{escape(parent_file)}"/>'
        f"\n   <xmpMM:History>\n    <rdf:Seq>{history}\n    </rdf:Seq>\n   </xmpMM:History>"
    )
    attributes = {
        "xmp:CreatorTool": _PHOTOSHOP,
        "xmp:ModifyDate": stamp,
        "xmp:MetadataDate": stamp,
        "dc:format": "image/jpeg",
        "photoshop:ColorMode": "3",
        "xmpMM:InstanceID": f"xmp.iid:{document}-1",
        "xmpMM:DocumentID": f"xmp.did:{document}",
        "xmpMM:OriginalDocumentID": f"xmp.did:{parent}",
    }
    return _packet("Adobe XMP Core 9.1-c003", _SPACES, attributes, body)


def iptc_xmp(document: str, parent: str, prompt: str, writer: str) -> str:
    """A delivery master with IPTC 2025.1's AI properties, derived from document `parent`."""
    body = f'\n   <xmpMM:DerivedFrom stRef:instanceID="xmp.iid:{parent}-1" stRef:documentID="xmp.did:{parent}"/>'
    attributes = {
        "xmp:CreatorTool": _PHOTOSHOP,
        "xmpMM:InstanceID": f"xmp.iid:{document}-1",
        "xmpMM:DocumentID": f"xmp.did:{document}",
        "Iptc4xmpExt:DigitalSourceType": COMPOSITE,
        "Iptc4xmpExt:AIPromptInformation": prompt,
        "Iptc4xmpExt:AIPromptWriterName": writer,
        "Iptc4xmpExt:AISystemUsed": "Stable Diffusion web UI, Adobe Photoshop",
        "Iptc4xmpExt:AISystemVersionUsed": "v1.10.1, 26.5",
    }
    return _packet("Adobe XMP Core 9.1-c003", _SPACES, attributes, body)
