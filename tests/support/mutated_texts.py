"""Texts of tools, changed in their own grammar, in containers that are whole."""

import copy
import functools
import json
import re

from tests.support import containers as c
from tests.support import tool_texts

_KEYS = (
    "parameters", "prompt", "workflow", "Comment", "Description", "Dream", "sd-metadata", "invokeai_metadata", "AIGC",
    "invokeai_graph", "UserComment", "generation_data", "extra", "Title", "Software", "Source", "comment", "ß",
)  # fmt: skip
# Tokens that no JSON library writes, put in where a marked string stood.
_RAW = (
    "NaN", "-Infinity", "1e999", "-1e999", "9" * 400, "-" + "9" * 5000, "1." + "0" * 300, "0.1e-400", '"\\ud800"', '"\\u0000"',
    "null", "true", "-0", "", "{", "]", '{"a":1,"a":2,"a":{}}', "[" * 80 + "]" * 80, "[" * 3000 + "]" * 3000,
    '{"a":' * 200 + "1" + "}" * 200, "18446744073709551616", "1e5", '"' + "x" * 70_000 + '"', "/* */ 1", "'single'",
)  # fmt: skip
_VALUES = (
    None, True, False, 0, -1, 2**31, 2**63, 2**64, 2**127, 1e308, 0.5, "", "None", "null", " ", "\x00", "\ud800", "NaN", "1e999",
    "20.0", "-1", [], {}, [[]], [None], [{}], {"": None}, ["1", 0], ["6", 0], ["1", "0"], [1, 0], ["1", 99999], [True, 0],
    "a" * 3000, "../../etc/passwd", "C:\\a\\b.png", "https://user:secret@example.invalid/a.png?token=1", "<lora:a:b:c>",
    "🦊" * 50, "\u202e\ufeff", "(((((a:1.2)", "a.png", ["a.png"] * 50, {"content": "x"}, {"prompt": {"prompt": {}}},
)  # fmt: skip
_SPLICES = (
    "\nNegative prompt: ", "\nSteps: 20, ", "Steps: ", ", ", ": ", '"', "{", "}", "[", "<lora:", ">", "\\", "|", "\r\n", "\0",
    "Hashes: {", "Civitai resources: [", "Template: ", "--", "—", "Job ID: ", "(", ")", ":1.2)", "AND ", "BREAK", "&lt;", "'",
    "Size: 99999999999x1", "Seed: " + "9" * 500, "CFG scale: 1e400", "Version: f2", "\ud800", "\u2028", " " * 500, "-s ", "-I ",
)  # fmt: skip


def carried(rng):
    """(name, bytes): one changed text, or two, in a whole container."""
    texts = [changed(rng) for _ in range(rng.choice((1, 1, 1, 2, 4)))]
    make = rng.choice(_CONTAINERS)
    return make(rng, texts)


def changed(rng):
    """(key, text)"""
    if rng.random() < 0.6:
        key, value = rng.choice(tool_texts.documents())
        text = _json(rng, value)
    else:
        key, text = rng.choice(tool_texts.lines())
    for _ in range(rng.choice((0, 0, 1, 2, 5))):
        text = rng.choice((_cut, _again, _inserted, _shuffled, _lost))(rng, text)
    if rng.random() < 0.1:
        text = json.dumps(text)
    return (key if rng.random() < 0.8 else rng.choice(_KEYS)), text[: 1 << 20]


def _json(rng, value):
    value, raws = copy.deepcopy(value), []
    places = [*_places(value)]
    grow = rng.random() < 0.15
    for holder, key in rng.sample(places, min(len(places), rng.choice((0, 1, 1, 2, 3, 8)))):
        if (isinstance(holder, dict) and key not in holder) or (isinstance(holder, list) and key >= len(holder)):
            continue  # an earlier change took it away
        roll = rng.random()
        if grow:
            _multiplied(rng, holder, key)
            grow = False  # twice would be millions
        elif roll < 0.6:
            holder[key] = copy.deepcopy(rng.choice(_VALUES))
        elif roll < 0.8:
            raws.append(rng.choice(_RAW))
            holder[key] = f"@raw{len(raws) - 1}@"
        elif roll < 0.9:
            _renamed(rng, holder, key)
        else:
            other, name = rng.choice(places)
            holder[key] = copy.deepcopy(other[name]) if isinstance(other, dict) and name in other else name
    text = json.dumps(value, ensure_ascii=rng.random() < 0.5)
    return re.sub(r'"@raw(\d+)@"', lambda m: raws[int(m[1])], text)


def _places(value, depth=0):
    pairs = value.items() if isinstance(value, dict) else enumerate(value) if isinstance(value, list) else ()
    for key, inner in list(pairs):
        yield value, key
        if depth < 12:
            yield from _places(inner, depth + 1)


def _renamed(rng, holder, key):
    if isinstance(holder, dict):
        value = holder.pop(key)
        holder[rng.choice(("inputs", "class_type", "nodes", "prompt", "seed", "", "text", str(key).upper()))] = value
    else:
        del holder[key]


def _multiplied(rng, holder, key):
    """Very many of what was one: nodes, links, list items."""
    count = rng.choice((10, 100, 1500))
    if isinstance(holder, dict):
        size = len(json.dumps(holder[key]))
        for number in range(min(count, 300_000 // (size + 1))):
            holder[f"{key}{number}" if rng.random() < 0.5 else str(number + 100)] = holder[key]
    else:
        holder.extend([holder[key]] * min(count, 300_000 // (len(json.dumps(holder[key])) + 1)))


def _cut(rng, text):
    at = rng.randrange(len(text) + 1)
    return text[:at] if rng.random() < 0.7 else text[at:]


def _again(rng, text):
    at = rng.randrange(len(text) + 1)
    piece = text[at : at + rng.choice((1, 5, 50, 500))]
    return text[:at] + piece * rng.choice((2, 10, 2000)) + text[at:]


def _inserted(rng, text):
    for _ in range(rng.choice((1, 3, 30))):
        at = rng.randrange(len(text) + 1)
        text = text[:at] + rng.choice(_SPLICES) * rng.choice((1, 1, 1, 40)) + text[at:]
    return text


def _shuffled(rng, text):
    by = rng.choice((", ", "\n", " ", ":", "{", '"'))
    parts = text.split(by)
    rng.shuffle(parts)
    return by.join(parts)


def _lost(rng, text):
    at = rng.randrange(len(text) + 1)
    return text[:at] + text[at + rng.choice((1, 2, 30)) :]


def _bytes(text):
    return text.encode("utf-8", "surrogatepass")


def _first(texts, limit=60_000):
    return texts[0][1][:limit]


def _png(rng, texts):
    style = rng.choice(("tEXt", "tEXt", "iTXt", "zTXt", "iTXtz", "comf"))
    return "text.png", c.png_texts(texts, style, tail=rng.random() < 0.2)


def _jpeg(rng, texts):
    if rng.random() < 0.5:
        code = rng.choice((b"UNICODE\0", b"ASCII\0\0\0", b"JIS\0\0\0\0\0", bytes(8)))
        return "text.jpg", c.jpeg(exif=c.exif(_first(texts, 25_000), code))
    return "text.jpg", c.jpeg(comments=[text for _, text in texts])


def _tags(rng, texts):
    clean = [_bytes(t)[:30_000].decode("utf-8", "replace") for _, t in texts]
    names = rng.sample(sorted(c.EXIF_TAGS), min(len(clean), 6))
    block = c.exif(**{n: f"{rng.choice(('prompt:', 'Workflow:', ''))}{t}" for n, t in zip(names, clean, strict=False)})
    return ("text.jpg", c.jpeg(exif=block)) if rng.random() < 0.5 else ("text.webp", _webp(exif=block))


def _webp(**blocks):
    chunks = [(b"VP8X", bytes([0x0C, 0, 0, 0, 23, 0, 0, 15, 0, 0])), *_WEBP_PIXELS()]
    chunks += [(b"EXIF", blocks["exif"])] if "exif" in blocks else []
    chunks += [(b"XMP ", blocks["xmp"])] if "xmp" in blocks else []
    return c.riff(b"WEBP", chunks)


@functools.cache
def _WEBP_PIXELS():  # noqa: N802  # a constant, made when first needed
    plain = c.webp()
    return [(plain[12:16], plain[20:])]


def _xmp(rng, texts):
    text = _bytes(_first(texts)).decode("utf-8", "replace")
    key = rng.choice(
        ("exif:UserComment", "TC260:AIGC", "dc:description", "Iptc4xmpExt:AIPromptInformation", "xmp:Label")
    )
    clean = re.sub(r"[\x00-\x1f]", " ", text)
    if rng.random() < 0.5:
        packet = c.xmp({key: clean})
    else:
        escaped = clean.replace("&", "&amp;").replace("<", "&lt;")
        packet = c.xmp({}, f"<{key}><rdf:Alt><rdf:li xml:lang='x-default'>{escaped}</rdf:li></rdf:Alt></{key}>")
    for _ in range(rng.choice((0, 1, 2))):
        packet = rng.choice(_XML)(rng, packet)
    if rng.random() < 0.5:
        return "text.png", c.png_chunks((b"tEXt", b"XML:com.adobe.xmp\0" + packet))
    return "text.jpg", c.jpeg(packet=packet[:60_000], extended=packet[:120_000])


def _unclosed(rng, packet):
    tags = [m.start() for m in re.finditer(rb"</", packet)] or [0]
    at = rng.choice(tags)
    return packet[:at] + packet[packet.find(b">", at) + 1 :]


def _entities(rng, packet):
    declared = b'<!DOCTYPE a [<!ENTITY a "aaaaaaaaaa">' + b"".join(
        b'<!ENTITY %c "%s">' % (98 + i, b"&%c;" % (97 + i) * 10) for i in range(8)
    )
    return packet.replace(b"<x:xmpmeta", declared + b"]><x:xmpmeta", 1).replace(b'=""', b'="&i;"', 1)


def _nested(rng, packet):
    count = rng.choice((100, 5000))
    return packet.replace(b"</rdf:Description>", b"<a>" * count + b"</a>" * count + b"</rdf:Description>", 1)


def _repeated(rng, packet):
    at = packet.find(b"<rdf:Description")
    end = packet.find(b"</rdf:Description>") + 18
    return packet[:end] + packet[at:end] * rng.choice((2, 200)) + packet[end:]


def _noised(rng, packet):
    out = bytearray(packet)
    for _ in range(rng.choice((1, 4, 20)) if out else 0):
        out[rng.randrange(len(out))] = rng.choice(b"<>&\"'/=: \0\xff")
    return bytes(out)


_XML = (_unclosed, _entities, _nested, _repeated, _noised, _noised)


def _svg(rng, texts):
    body = c.svg(texts[0][1])
    return "text.svg", rng.choice(_XML)(rng, body) if rng.random() < 0.3 else body


def _glb(rng, texts):
    make = rng.choice((c.glb, c.gltf))
    return ("text.glb" if make is c.glb else "text.gltf"), make(dict(texts))


def _gif(_rng, texts):
    return "text.gif", c.gif(_bytes(texts[0][1]))


def _sound(_rng, texts):
    """A FLAC of its comments alone, and so cheap to make."""
    made = [_bytes(f"{key}={text}") for key, text in texts]
    body = b"\0\0\0\0" + len(made).to_bytes(4, "little") + b"".join(len(m).to_bytes(4, "little") + m for m in made)
    info = bytes.fromhex("1000100000000000000000")[:10] + bytes.fromhex("0bb800f0000000000000") + bytes(14)
    return "text.flac", b"fLaC\0\0\0\x22" + info[:34] + b"\x84" + len(body).to_bytes(3, "big") + body


def _plain(rng, texts):
    return rng.choice(("text.txt", "text.json", "text.otio", "text.safetensors")), _bytes(texts[0][1])


_CONTAINERS = (_png, _png, _png, _png, _jpeg, _tags, _xmp, _xmp, _svg, _glb, _gif, _sound, _plain)
