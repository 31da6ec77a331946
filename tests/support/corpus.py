"""A folder of small honest files: one or more for every container and every reader. Made, never copied.

Everything but the signed file is the same in every run; that one holds a fresh key and a fresh time.
"""

import json
import os
from pathlib import Path

import numpy as np
from PIL import Image

from tests.support import containers as c
from tests.support import pictures, tool_texts

_NAMED = os.environ.get("DAM_SHARED")  # asked here: inside a test the environment holds no DAM_ names
OTIO = {
    "OTIO_SCHEMA": "Timeline.1", "name": "cut", "metadata": {},
    "tracks": {"OTIO_SCHEMA": "Stack.1", "name": "tracks", "children": [
        {"OTIO_SCHEMA": "Track.1", "kind": "Video", "name": "V1", "children": [
            {"OTIO_SCHEMA": "Clip.2", "name": "mara.png", "active_media_reference_key": "DEFAULT_MEDIA",
             "source_range": {"OTIO_SCHEMA": "TimeRange.1",
                              "start_time": {"OTIO_SCHEMA": "RationalTime.1", "rate": 24.0, "value": 0.0},
                              "duration": {"OTIO_SCHEMA": "RationalTime.1", "rate": 24.0, "value": 48.0}},
             "media_references": {"DEFAULT_MEDIA": {"OTIO_SCHEMA": "ExternalReference.1",
                                                    "target_url": "takes/mara.png", "metadata": {}}}}]}]},
}  # fmt: skip
EDL = (
    "TITLE: cut\nFCM: NON-DROP FRAME\n\n001  AX       V     C        00:00:00:00 00:00:02:00 01:00:00:00 01:00:02:00\n"
    "* FROM CLIP NAME: mara.png\n002  BX       V     D    012 00:00:01:00 00:00:03:00 01:00:02:00 01:00:04:00\n"
    "* TO CLIP NAME: quay.mov\n* SOURCE FILE: takes/quay.mov\n"
)
FCPXML = (
    '<?xml version="1.0" encoding="UTF-8"?><!DOCTYPE fcpxml><fcpxml version="1.9"><resources>'
    '<format id="r1" frameDuration="1/24s" width="32" height="16"/><asset id="r2" name="mara" src="file:///takes/mara.mov" '
    'start="0s" duration="48/24s" hasVideo="1" format="r1"/></resources><library><event name="e"><project name="p">'
    '<sequence format="r1" duration="48/24s"><spine><asset-clip name="mara" ref="r2" offset="0s" duration="48/24s"/>'
    "</spine></sequence></project></event></library></fcpxml>"
)
XMEML = (
    '<?xml version="1.0" encoding="UTF-8"?><!DOCTYPE xmeml><xmeml version="5"><sequence id="s"><name>cut</name>'
    "<duration>48</duration><rate><timebase>24</timebase><ntsc>FALSE</ntsc></rate><media><video><track>"
    '<clipitem id="c1"><name>mara</name><duration>48</duration><rate><timebase>24</timebase></rate><start>0</start>'
    '<end>48</end><in>0</in><out>48</out><file id="f1"><name>mara.mov</name><pathurl>file:///takes/mara.mov</pathurl>'
    "</file></clipitem></track></video></media></sequence></xmeml>"
)
RESOLVE = (
    '<?xml version="1.0" encoding="UTF-8"?><SM_Project DbId="1"><ProjectName>cut</ProjectName><MpFolder>'
    "<Sm2MpVideoClip><Name>mara.mov</Name><MediaFilePath>/takes/mara.mov</MediaFilePath></Sm2MpVideoClip></MpFolder>"
    "</SM_Project>"
)


def stealth_png(text, *, packed=True):
    """Text in the lowest bits of the alpha plane, as the A1111 extension hides it."""
    body = c.gzipped(text.encode()) if packed else text.encode()
    mark = b"stealth_pngcomp" if packed else b"stealth_pnginfo"
    bits = np.unpackbits(np.frombuffer(mark + (len(body) * 8).to_bytes(4, "big") + body, np.uint8))
    picture = np.full((64, 96, 4), 254, np.uint8)
    picture[..., :3] = c.pixels(9, 96, 64)
    columns = picture[..., 3].T.reshape(-1).copy()
    columns[: bits.size] |= bits
    picture[..., 3] = columns.reshape(96, 64).T
    return pictures.png(picture)


def stills():
    """name -> bytes of pictures with texts in every carrier."""
    plain = pictures.a1111("a circle", seed=3)
    graph = pictures.comfy("mara relit", "takes/source.png")
    flow = json.dumps(tool_texts.workflow())
    novel = next(json.dumps(v) for k, v in tool_texts.documents() if isinstance(v, dict) and "uc" in v)
    aigc = json.dumps(tool_texts.AIGC["AIGC"])
    label = {"Iptc4xmpExt:DigitalSourceType": pictures.TRAINED, "Iptc4xmpExt:AISystemUsed": "Lantern",
             "Iptc4xmpExt:AIPromptInformation": "a quay", "TC260:AIGC": aigc}  # fmt: skip
    packet = c.xmp(label, '<xmpMM:DerivedFrom stRef:documentID="xmp.did:1" stRef:filePath="a.psd"/>')
    comment = c.exif(plain)
    webp_tags = c.exif(Model=f"prompt:{graph}", Make=f"workflow:{flow}")
    profile = "exif\n" + f"{len(comment):8}\n" + comment.hex()
    made = {
        "a1111.png": c.png_texts([("parameters", plain)]),
        "long.png": c.png_texts([("parameters", tool_texts.A1111_LONG)], "iTXt"),
        "sdnext.png": c.png_texts([("parameters", tool_texts.SDNEXT)], "zTXt"),
        "civitai.png": c.png_texts([("parameters", tool_texts.CIVITAI)], "iTXtz"),
        "comfy.png": c.png_texts([("prompt", graph), ("workflow", flow)]),
        "comfy_tail.png": c.png_texts([("prompt", graph), ("prompt", graph)], tail=True),
        "comf.png": c.png_texts([("prompt", graph)], "comf"),
        "novelai.png": c.png_texts(
            [("Title", "NovelAI generated image"), ("Description", "a mast"), ("Software", "NovelAI"),
             ("Source", "NovelAI Diffusion V4 4F49EC75"), ("Comment", novel)]
        ),
        "midjourney.png": c.png_texts([("Description", tool_texts.MIDJOURNEY), ("Author", "a")]),
        "easy.png": c.png_texts(
            [("prompt", "a dock"), ("seed", "3"), ("use_stable_diffusion_model", "m"), ("num_inference_steps", "9")]
        ),
        "exif.png": c.png_chunks((b"eXIf", comment[6:]), (b"tEXt", b"XML:com.adobe.xmp\0" + packet)),
        "profile.png": c.png_texts([("Raw profile type exif", profile)], "zTXt"),
        "aigc.png": c.png_texts([("AIGC", json.dumps(tool_texts.AIGC))]),
        "moving.png": c.apng([("prompt", graph)]),
        "stealth.png": stealth_png(plain),
        "plain.png": pictures.png(c.pixels(4)),
        "words.png": pictures.png(c.pixels(5)),
        "comment.jpg": c.jpeg(exif=comment, comments=["first", plain]),
        "camera.jpg": c.jpeg(exif=c.exif("", Make="Lantern", Model="One")),
        "ascii.jpg": c.jpeg(exif=c.exif(plain, b"ASCII\0\0\0")),
        "grok.jpg": c.jpeg(
            exif=c.exif(Description=tool_texts.GROK, Artist="2b6e053b-9a65-4ca9-9e13-b6f4465164d4")
        ),
        "packet.jpg": c.jpeg(packet=packet, extended=packet * 9, apps=[(13, b"Photoshop 3.0\0"), (9, b"AIGC" + aigc.encode())]),
        "things.jpg": c.jpeg(packet=c.xmp({"exif:UserComment": json.dumps(dict(tool_texts.documents()[8][1]))})),
        "comfy.webp": c.webp(exif=webp_tags[6:] if webp_tags[:4] == b"Exif" else webp_tags),
        "packet.webp": c.webp(xmp=packet, lossless=True),
        "moving.webp": c.webp(
            save_all=True, append_images=[Image.fromarray(c.pixels(s)) for s in (5, 6)], exif=comment[6:], lossless=True
        ),
        "comment.avif": c._saved("AVIF", exif=comment, xmp=packet, quality=50, speed=10, max_threads=1),
        "boxes.heic": c.still_boxes(b"heic", comment, packet),
        "comment.gif": c.gif(plain.encode(), packet),
        "moving.gif": c._saved("GIF", save_all=True, append_images=[Image.fromarray(c.pixels(s)) for s in (5, 6)]),
        "tagged.tif": c.tiff(packet, Description=plain, Software="made up"),
        "layers.psd": c.psd(packet, comment),
        "plain.bmp": c.bmp(),
        "comfy.svg": c.svg(json.dumps({"prompt": json.loads(graph), "workflow": json.loads(flow)})),
    }  # fmt: skip
    for number, (key, value) in enumerate(tool_texts.documents()[3:], 3):
        made[f"tool{number:02}.png"] = c.png_texts([(key, json.dumps(value))])
    return made


def moving():
    """name -> bytes of video and sound with texts in their tags."""
    graph = pictures.comfy("mara walks", "takes/source.png")
    tags = {"comment": json.dumps({"prompt": graph}), "title": "take"}
    keys = {"prompt": graph, "workflow": json.dumps(tool_texts.workflow())}
    return {
        "comment.mp4": c.video("mp4", "mpeg4", tags),
        "keys.mp4": c.video("mp4", "mpeg4", keys, movflags="use_metadata_tags"),
        "keys.mov": c.video("mov", "mpeg4", keys, movflags="use_metadata_tags"),
        "tags.webm": c.video("webm", "libvpx", {"PROMPT": graph}),
        "tags.mkv": c.video("matroska", "mpeg4", {"COMMENT": graph, "AIGC": json.dumps(tool_texts.AIGC)}),
        "tags.avi": c.video("avi", "mpeg4", {"comment": pictures.a1111("a circle")}),
        "tags.wav": c.sound("wav", "pcm_s16le", {"comment": "made up"}),
        "tags.flac": c.sound("flac", "flac", {"prompt": graph}),
        "tags.mp3": c.sound("mp3", "libmp3lame", {"prompt": graph, "comment": "x"}),
        "tags.opus": c.sound("ogg", "libopus", {"prompt": graph, "workflow": "{}"}),
        "tags.m4a": c.sound("ipod", "aac", {"comment": graph}),
    }


def others():
    """name -> bytes of models, timelines and documents."""
    graph = pictures.comfy("mara relit", "takes/source.png")
    return {
        "comfy.glb": c.glb({"prompt": json.loads(graph), "note": "x"}),
        "comfy.gltf": c.gltf({"prompt": graph}),
        "weights.safetensors": c.safetensors({"ss_base_model_version": "sdxl", "modelspec.title": "lantern"}),
        "weights.gguf": c.gguf([("general.name", "lantern")]),
        "cut.edl": EDL.encode(),
        "cut.otio": json.dumps(OTIO).encode(),
        "cut.fcpxml": FCPXML.encode(),
        "cut.xml": XMEML.encode(),
        "cut.drp": c.zipped({"project.xml": RESOLVE, "MediaPool/Master/MpFolder.xml": RESOLVE}),
        "archive.zip": c.zipped({"a.txt": "x"}),
        "paper.pdf": b"%PDF-1.7\n1 0 obj\n<< /Type /Catalog >>\nendobj\ntrailer\n<< /Root 1 0 R >>\n%%EOF\n",
        "flow.json": json.dumps(tool_texts.workflow()).encode(),
        "words.txt": pictures.a1111("a circle").encode(),
        "words.md": "# Mühle\n".encode("latin-1"),
    }


def signed(folder):
    """name -> bytes of pictures signed by our own code; `folder` takes the keys."""
    import hashlib
    from datetime import UTC, datetime

    from dam.provenance import compose, keys, signing, statement
    from dam.provenance.trust import TrustStore

    ring = keys.create_chain(Path(folder), "Made Up", now=datetime.now(UTC))
    made = {}
    for name, mime, data in (
        ("signed.png", "image/png", pictures.png(c.pixels(11, 96, 64))),
        ("signed.jpg", "image/jpeg", pictures.jpeg(c.pixels(12, 96, 64))),
    ):
        original = pictures.put(folder, f"original-{name}", data)
        digest = hashlib.sha256(data).hexdigest()
        words = compose.protected_copy(
            title="copy", original_title="original",
            asset=statement.AssetFacts(asset_id="1", sha256=digest, library_id="1", mark_id="00" * 8),
            mark=statement.SoftBindingEntry(alg="org.headwater.tilemark.v1", value="00" * 8),
            source_type=statement.SourceType.TRAINED_ALGORITHMIC_MEDIA,
        )  # fmt: skip
        copy = signing.sign_copy(
            data, mime, original_path=str(original), original_mime=mime, statement=words, ring=ring,
            store=TrustStore.of(ring.root_pem),
        )  # fmt: skip
        made[name] = copy.data
    return made


def honest(folder=None):
    """name -> bytes of the whole corpus; signed files only with a `folder` for the keys."""
    return {**stills(), **moving(), **others(), **(signed(folder) if folder is not None else {})}


def shared_files(limit_bytes=3 << 20):
    """name -> bytes of the real files beside the checkout (or where DAM_SHARED says), {} where there are none."""
    folders = [Path(_NAMED)] if _NAMED else [parent / "shared" for parent in Path(__file__).resolve().parents[2:]]
    folder = next((f for f in folders if (f / "data" / "ai-metadata").is_dir()), None)
    files = sorted((folder / "data" / "ai-metadata").rglob("*")) if folder else []
    return {
        f"shared{number:03}-{path.name}": path.read_bytes()
        for number, path in enumerate(files)
        if path.is_file() and path.stat().st_size <= limit_bytes
    }
