"""The smallest honest file of each container around given texts, laid out as the standards say. No dam code in it."""

import gzip
import io
import json
import struct
import zipfile
import zlib
from fractions import Fraction

import av
import numpy as np
from PIL import Image, PngImagePlugin, TiffImagePlugin

EXIF_TAGS = {"DocumentName": 0x010D, "Description": 0x010E, "Make": 0x010F, "Model": 0x0110, "Software": 0x0131,
             "Artist": 0x013B}  # fmt: skip
C2PA_UUID = bytes.fromhex("d8fec3d61b0e483c92975828877ec481")
XMP_UUID = bytes.fromhex("be7acfcb97a942e89c71999491e3afac")
XMP_SPACES = {
    "dc": "http://purl.org/dc/elements/1.1/", "exif": "http://ns.adobe.com/exif/1.0/",
    "Iptc4xmpExt": "http://iptc.org/std/Iptc4xmpExt/2008-02-29/", "TC260": "http://www.tc260.org.cn/ns/AIGC/1.0/",
    "xmpMM": "http://ns.adobe.com/xap/1.0/mm/", "stRef": "http://ns.adobe.com/xap/1.0/sType/ResourceRef#",
    "xmp": "http://ns.adobe.com/xap/1.0/",
}  # fmt: skip


def pixels(seed=1, width=24, height=16, bands=3):
    return np.random.default_rng(seed).integers(0, 256, (height, width, bands), dtype=np.uint8)


def _saved(form, seed=1, **options):
    out = io.BytesIO()
    Image.fromarray(pixels(seed)).save(out, form, **options)
    return out.getvalue()


def chunk(kind, data):
    return struct.pack(">I", len(data)) + kind + data + struct.pack(">I", zlib.crc32(kind + data))


def png_texts(texts, style="tEXt", *, tail=False):
    """A PNG with (key, text) chunks of one style, behind the pixels if `tail`."""
    plain = _saved("PNG")
    made = b""
    for key, text in texts:
        name, value = key.encode("latin-1", "replace") + b"\0", text.encode("utf-8", "surrogatepass")
        if style == "zTXt":
            made += chunk(b"zTXt", name + b"\0" + zlib.compress(value))
        elif style == "iTXt":
            made += chunk(b"iTXt", name + b"\0\0en\0" + name + value)
        elif style == "iTXtz":
            made += chunk(b"iTXt", name + b"\1\0\0\0" + zlib.compress(value))
        else:
            made += chunk(style.encode(), name + value)
    at = len(plain) - 12 if tail else 33
    return plain[:at] + made + plain[at:]


def png_chunks(*chunks):
    plain = _saved("PNG")
    return plain[:33] + b"".join(chunk(kind, data) for kind, data in chunks) + plain[33:]


def apng(texts):
    info = PngImagePlugin.PngInfo()
    for key, text in texts:
        info.add_itxt(key, text)
    more = [Image.fromarray(pixels(seed)) for seed in (2, 3)]
    return _saved("PNG", save_all=True, append_images=more, duration=40, pnginfo=info)


def exif(comment=None, code=b"UNICODE\0", **named):
    """An EXIF block; `comment` becomes UserComment in UTF-16BE under `code`."""
    block = Image.Exif()
    for name, text in named.items():
        block[EXIF_TAGS[name]] = text
    if comment is not None:
        coding = "utf-16-be" if code.startswith(b"UNICODE") else "utf-8"
        block.get_ifd(0x8769)[0x9286] = code + comment.encode(coding, "surrogatepass")
    block.endian = ">"
    return block.tobytes()


def xmp(attributes=None, elements=""):
    spaces = "".join(f' xmlns:{name}="{uri}"' for name, uri in XMP_SPACES.items())
    escape = lambda t: t.replace("&", "&amp;").replace("<", "&lt;").replace('"', "&quot;")  # noqa: E731
    given = "".join(f' {name}="{escape(value)}"' for name, value in (attributes or {}).items())
    return (
        '<?xpacket begin="\ufeff" id="W5M0MpCehiHzreSzNTczkc9d"?><x:xmpmeta xmlns:x="adobe:ns:meta/">'
        '<rdf:RDF xmlns:rdf="http://www.w3.org/1999/02/22-rdf-syntax-ns#">'
        f'<rdf:Description rdf:about=""{spaces}{given}>{elements}</rdf:Description></rdf:RDF></x:xmpmeta>'
        '<?xpacket end="w"?>'
    ).encode("utf-8", "surrogatepass")


def segment(marker, body):
    return bytes([0xFF, marker]) + struct.pack(">H", len(body) + 2) + body


def jpeg(*, exif=b"", comments=(), packet=b"", extended=b"", apps=()):
    """JPEG with EXIF, COM segments, XMP (and an extended packet in two parts), and other APPn (number, body)."""
    plain = _saved("JPEG", quality=80)
    parts = [segment(0xE1, exif)] if exif else []
    parts += [segment(0xE1, b"http://ns.adobe.com/xap/1.0/\0" + packet)] if packet else []
    half = len(extended) // 2
    for at, piece in ((0, extended[:half]), (half, extended[half:])) if extended else ():
        head = b"http://ns.adobe.com/xmp/extension/\0" + b"0" * 32 + struct.pack(">II", len(extended), at)
        parts.append(segment(0xE1, head + piece[:65000]))
    parts += [segment(0xFE, text.encode("utf-8", "surrogatepass")[:65000]) for text in comments]
    parts += [segment(0xE0 + number, body) for number, body in apps]
    return plain[:2] + b"".join(parts) + plain[2:]


def webp(**options):
    return _saved("WEBP", method=0, **options)


def riff(kind, chunks):
    body = b"".join(k + struct.pack("<I", len(d)) + d + b"\0" * (len(d) & 1) for k, d in chunks)
    return b"RIFF" + struct.pack("<I", len(body) + 4) + kind + body


def box(kind, body, full=None):
    body = (struct.pack(">I", full) if full is not None else b"") + body
    return struct.pack(">I", len(body) + 8) + kind + body


def still_boxes(brand=b"heic", exif_block=b"", packet=b""):
    """A HEIC-like file without a picture: the boxes that name size, EXIF and XMP."""
    blocks = [(1, b"Exif\0", b"\0\0\0\0" + exif_block), (2, b"mime\0application/rdf+xml\0", packet)]
    blocks = [block for block in blocks if len(block[2]) > 4]
    infos = struct.pack(">H", len(blocks) + 1) + box(b"infe", struct.pack(">HH", 9, 0) + b"hvc1\0", 2 << 24)
    infos += b"".join(box(b"infe", struct.pack(">HH", i, 0) + kind, 2 << 24) for i, kind, _ in blocks)
    props = box(b"ipco", box(b"ispe", struct.pack(">II", 24, 16), 0))
    props += box(b"ipma", struct.pack(">IHBB", 1, 9, 1, 1), 0)

    def meta(start):
        at, places = start, b""
        for number, _, data in blocks:
            places += struct.pack(">HHHII", number, 0, 1, at, len(data))
            at += len(data)
        iloc = box(b"iloc", b"\x44\0" + struct.pack(">H", len(blocks)) + places, 0)
        pitm = box(b"pitm", struct.pack(">H", 9), 0)
        return box(b"meta", pitm + box(b"iinf", infos, 0) + box(b"iprp", props) + iloc, 0)

    head = box(b"ftyp", brand + b"\0\0\0\0mif1" + brand)
    first = len(head) + len(meta(0)) + 8
    return head + meta(first) + box(b"mdat", b"".join(data for _, _, data in blocks))


def gif_head():
    """A GIF up to its first block."""
    plain = _saved("GIF")
    return plain[: 13 + (3 << ((plain[10] & 7) + 1) if plain[10] & 0x80 else 0)]


def gif(comment=b"", packet=b""):
    plain = _saved("GIF")
    at = len(gif_head())
    made = b""
    if comment:
        pieces = [comment[i : i + 255] for i in range(0, len(comment), 255)]
        made += b"\x21\xfe" + b"".join(bytes([len(p)]) + p for p in pieces) + b"\0"
    if packet:
        made += b"\x21\xff\x0bXMP DataXMP" + packet + b"\x01" + bytes(range(255, -1, -1)) + b"\0"
    return plain[:at] + made + plain[at:]


def tiff(packet=b"", **named):
    info = TiffImagePlugin.ImageFileDirectory_v2()
    for name, text in named.items():
        info[EXIF_TAGS[name]] = text
    if packet:
        info[700] = packet
    return _saved("TIFF", tiffinfo=info)


def psd(packet=b"", exif_block=b""):
    made = b""
    for number, data in ((1058, exif_block), (1060, packet)):
        made += b"8BIM" + struct.pack(">HHI", number, 0, len(data)) + data + b"\0" * (len(data) & 1)
    head = b"8BPS" + struct.pack(">H6xHIIHH", 1, 3, 16, 24, 8, 3)
    return head + struct.pack(">I", 0) + struct.pack(">I", len(made)) + made + struct.pack(">IH", 0, 0)


def bmp():
    return _saved("BMP")


def svg(text):
    return (
        '<?xml version="1.0"?><svg xmlns="http://www.w3.org/2000/svg" width="24" height="16">'
        f"<metadata><![CDATA[{text}]]></metadata><rect width='3' height='2'/></svg>"
    ).encode("utf-8", "surrogatepass")


def gltf(extras):
    return json.dumps({"asset": {"version": "2.0", "generator": "made up", "extras": extras}, "scenes": []}).encode()


def glb(extras):
    body = gltf(extras)
    body += b" " * (-len(body) % 4)
    return b"glTF" + struct.pack("<III4s", 2, 20 + len(body), len(body), b"JSON") + body


def safetensors(metadata):
    head = {"__metadata__": metadata, "w": {"dtype": "F32", "shape": [2], "data_offsets": [0, 8]}}
    body = json.dumps(head).encode()
    return struct.pack("<Q", len(body)) + body + b"\0" * 8


def gguf(pairs):
    made = b"GGUF" + struct.pack("<IQQ", 3, 0, len(pairs))
    for key, value in pairs:
        made += struct.pack("<Q", len(key)) + key.encode() + struct.pack("<IQ", 8, len(value)) + value.encode()
    return made


def zipped(parts):
    out = io.BytesIO()
    with zipfile.ZipFile(out, "w", zipfile.ZIP_DEFLATED) as archive:
        for name, data in parts.items():
            archive.writestr(zipfile.ZipInfo(name, (2025, 1, 2, 3, 4, 6)), data, zipfile.ZIP_DEFLATED)
    return out.getvalue()


def gzipped(data):
    return gzip.compress(data, mtime=0)


def video(form, codec, tags, pixel_format="yuv420p", **options):
    """Three small frames through PyAV with container tags."""
    out = io.BytesIO()
    with av.open(out, "w", format=form, options={"fflags": "+bitexact", **options}) as container:
        stream = container.add_stream(codec, rate=10, options={"threads": "1"})
        stream.width, stream.height, stream.pix_fmt = 32, 16, pixel_format
        stream.codec_context.flags |= 1 << 23  # bit-exact: no version of the library in the file
        container.metadata.update(tags)
        for number in range(3):
            frame = av.VideoFrame.from_ndarray(pixels(number, 32, 16), format="rgb24").reformat(format=pixel_format)
            frame.pts = number
            container.mux(stream.encode(frame))
        container.mux(stream.encode(None))
    return out.getvalue()


def sound(form, codec, tags, rate=48000):
    out = io.BytesIO()
    with av.open(out, "w", format=form, options={"fflags": "+bitexact"}) as container:
        stream = container.add_stream(codec, rate=rate, layout="mono")
        stream.codec_context.flags |= 1 << 23
        container.metadata.update(tags)
        wave = (np.sin(np.arange(4800) / 9) * 9000).astype(np.int16)[None]
        frame = av.AudioFrame.from_ndarray(wave, format="s16", layout="mono")
        frame.sample_rate, frame.pts, frame.time_base = rate, 0, Fraction(1, rate)
        fifo = av.AudioFifo()
        resampler = av.AudioResampler(format=stream.format, layout="mono", rate=rate)
        for part in resampler.resample(frame):
            fifo.write(part)
        size = stream.codec_context.frame_size or 1024
        while (piece := fifo.read(size, partial=True)) is not None:
            container.mux(stream.encode(piece))
        container.mux(stream.encode(None))
    return out.getvalue()
