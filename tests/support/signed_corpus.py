"""Signed files of every kind that takes a manifest, and hostile ones made from them by a seeded generator."""

import io
import random
import struct

from PIL import Image

from tests.support import containers
from tests.support.shared import FOLDER
from tests.support.signed import Signer

MIMES = {
    "png": "image/png", "jpg": "image/jpeg", "webp": "image/webp", "gif": "image/gif", "tif": "image/tiff",
    "svg": "image/svg+xml", "mp4": "video/mp4", "wav": "audio/wav", "mp3": "audio/mpeg", "flac": "audio/flac",
    "avif": "image/avif",
}  # fmt: skip
MARKS = (
    b"jumb",
    b"jumd",
    b"cbor",
    b"json",
    b"c2pa",
    b"bfdb",
    b"bidb",
    b"\xd8\x3d",
    b"hash",
    b"uri",
    b"alg",
    b"self#jumbf=",
)
COUNTS = (0, 1, 7, 8, 0x7F, 0xFF, 0xFFFF, 0x7FFFFFFF, 0x80000000, 0xFFFFFFFF)
MAX_BYTES = 1 << 20
REAL_BYTES = 200_000


def honest():
    """name -> bytes: one signed file a kind, a chain, a compressed store, and the real ones beside the checkout, if any."""
    signer = Signer("Acme")
    plain = {kind: data for kind, data in _plain().items() if kind in MIMES}
    found = {f"{kind}.{kind}": signer.sign(data, MIMES[kind]) for kind, data in plain.items()}
    child = signer.sign(plain["png"], "image/png", parent=(found["jpg.jpg"], "image/jpeg"))
    found["chain.png"] = signer.sign(plain["png"], "image/png", parent=(child, "image/png"))
    found["compressed.png"] = signer.sign(plain["png"], "image/png", compress=True)
    note = {"label": "com.acme.note", "data": {"text": "x" * 500, "list": list(range(50))}}
    found["noted.webp"] = signer.sign(plain["webp"], "image/webp", assertions=[note])
    found["elsewhere.jpg"] = _elsewhere(plain["jpg"])
    for path in sorted((FOLDER / "data" / "c2pa").glob("*/*")):
        if path.stat().st_size <= REAL_BYTES:  # those name DIDs and servers too
            found[f"{path.parent.name}-{path.name}"] = path.read_bytes()
    return found


def _plain():
    picture = Image.frombytes("RGB", (32, 24), random.Random(1).randbytes(32 * 24 * 3))
    found = {}
    for kind, form in (
        ("png", "PNG"),
        ("jpg", "JPEG"),
        ("webp", "WEBP"),
        ("gif", "GIF"),
        ("tif", "TIFF"),
        ("avif", "AVIF"),
    ):
        out = io.BytesIO()
        picture.save(out, form)
        found[kind] = out.getvalue()
    found["svg"] = b'<svg xmlns="http://www.w3.org/2000/svg" width="9" height="9"><rect width="9" height="9"/></svg>'
    found["mp4"] = containers.video("mp4", "mpeg4", {})
    found["wav"] = containers.sound("wav", "pcm_s16le", {})
    found["mp3"] = containers.sound("mp3", "libmp3lame", {})
    found["flac"] = containers.sound("flac", "flac", {})
    return found


def _elsewhere(jpeg):
    """A JPEG whose XMP names a server of this machine as the place of its manifest."""
    packet = (
        b'<x:xmpmeta xmlns:x="adobe:ns:meta/"><rdf:RDF xmlns:rdf="http://www.w3.org/1999/02/22-rdf-syntax-ns#">'
        b'<rdf:Description rdf:about="" xmlns:dcterms="http://purl.org/dc/terms/"'
        b' dcterms:provenance="http://127.0.0.1:9/manifest.c2pa"/></rdf:RDF></x:xmpmeta>'
    )
    body = b"http://ns.adobe.com/xap/1.0/\0" + packet
    return jpeg[:2] + b"\xff\xe1" + struct.pack(">H", len(body) + 2) + body + jpeg[2:]


def mutated(number, corpus):
    """(name, bytes) of one hostile file; the same number always gives the same one."""
    rng = random.Random(number)
    names = sorted(corpus)
    name = rng.choice(names)
    data = corpus[name]
    for _ in range(rng.choice((1, 1, 1, 2, 3, 6))):
        change = rng.choice(_CHANGES)
        data = change(rng, data, corpus[rng.choice(names)])[:MAX_BYTES] if data else data
    return name, data


def _place(rng, data):
    """Mostly inside the manifest store, often at one of its names."""
    if rng.random() < 0.8:
        mark = rng.choice(MARKS)
        places = []
        at = data.find(mark)
        while at >= 0 and len(places) < 400:
            places.append(at)
            at = data.find(mark, at + 1)
        if places:
            return min(len(data) - 1, max(0, rng.choice(places) + rng.randint(-8, 40)))
    return rng.randrange(len(data))


def _flip(rng, data, _):
    out = bytearray(data)
    for _ in range(rng.choice((1, 1, 2, 8, 64))):
        out[_place(rng, out)] ^= 1 << rng.randrange(8)
    return bytes(out)


def _cut(rng, data, _):
    return data[: _place(rng, data)]


def _noise(rng, data, _):
    at = _place(rng, data)
    return data[:at] + rng.randbytes(rng.choice((1, 4, 32, 500))) + data[at + rng.choice((0, 1, 8, 100)) :]


def _count(rng, data, _):
    at, width = _place(rng, data), rng.choice((1, 2, 4, 8))
    value = rng.choice((*COUNTS, len(data), rng.getrandbits(32))) & ((1 << 8 * width) - 1)
    return data[:at] + value.to_bytes(width, rng.choice(("big", "little"))) + data[at + width :]


def _again(rng, data, _):
    at = _place(rng, data)
    piece = data[at : at + rng.choice((8, 100, 2_000))]
    return data[:at] + _repeated(piece, rng.choice((2, 10, 300))) + data[at:]


def _boxes_again(rng, data, _):
    """A whole JUMBF box many times over, at its own place: sizes around it no longer fit, or do in the PNG's chunk."""
    at = data.find(b"jumb", _place(rng, data)) - 4
    if at < 0:
        return data
    size = int.from_bytes(data[at : at + 4], "big")
    return data[:at] + _repeated(data[at : at + size], rng.choice((2, 30, 3_000))) + data[at + size :]


def _repeated(piece, count):
    return piece * min(count, 1 + MAX_BYTES // max(1, len(piece)))


def _spliced(rng, data, other):
    """The store of another file, or a part of it."""
    start = other.find(b"jumb")
    piece = other[max(0, start - 4) :][: rng.choice((100, 1_000, 20_000))] if start >= 0 else other[:1_000]
    at = _place(rng, data)
    return data[:at] + piece + data[at + rng.choice((0, len(piece))) :]


def _renamed(rng, data, _):
    """One name of the store for another."""
    old, new = rng.choice(_NAMES), rng.choice(_NAMES)
    return data.replace(old, new[: len(old)].ljust(len(old), b"x"), rng.choice((1, 100)))


_NAMES = (
    b"c2pa.assertions", b"c2pa.signature", b"c2pa.claim", b"c2pa.hash.data", b"c2pa.actions.v2", b"c2pa.ingredient",
    b"urn:c2pa:", b"self#jumbf=", b"sha256", b"cawg.identity", b"parentOf", b"did:web:", b"http://127.0.0.1:9/",
)  # fmt: skip
_CHANGES = (_flip, _flip, _cut, _noise, _count, _count, _again, _boxes_again, _spliced, _renamed)
