"""Files made to be slow or large: each aims at one loop, one expression or one allocation that trusts its input.

All are deterministic and small as files (most below 1 MiB); what they ask for is quadratic, exponential or gigabytes.
"""

import json
import struct
import zlib

from tests.support import containers as c

_N = 1 << 20
_SETTINGS = "Steps: 20, Sampler: Euler, CFG scale: 7, Seed: 1, Size: 64x64"


def _png(text, key="parameters"):
    return c.png_texts([(key, text)], "zTXt")


def _runs():
    """Long runs of what regular expressions repeat, behind the words that make each reader look."""
    heads = {
        "bare": "", "settings": f"x\n{_SETTINGS}, ", "hashes": f"x\n{_SETTINGS}, Lora hashes: ", "quoted": f'{_SETTINGS}, a: "',
        "size": "x\nSteps: 20, Sampler: a, Seed: 1, Size: ", "json": f"{_SETTINGS}, Hashes: [", "lora": f"{_SETTINGS}\n<lora:",
        "sdnext": "x\nSteps: 20| Seed: 1| Size: 1x1| ", "civitai": f"{_SETTINGS}, Civitai resources: [",
        "journey": "a --v 6 Job ID: 2b6e053b-9a65-4ca9-9e13-b6f4465164d4 ", "aigc": "AIGC", "aigc_colon": "AIGC:",
        "secrets": "http://x=1 token 1 eyJ sk- AKIA comfyui- x\n" + _SETTINGS + ", y: ", "dream": '"a" -s 5 -S 1 ', "dream_open": '"', "invokeai": "invokeai_metadata:", "edl": "001  A",
    }  # fmt: skip
    runs = (" ", "a", "a ", "\n", '"', "\\", '\\"', "{", "[", "(", ":", ", ", "a, ", "a: ", ", k: {", ", k: [1", "<lora:", "-", "--a ",
            " --", "-s ", "0", "1.5,", "&#", "&", "\t", "é", "x:1,", "|", "= ", "eyJ-", "?a", "sk-", "token=", "AIGC ", " 1 ", ',k:"')  # fmt: skip
    for name, head in heads.items():
        for number, run in enumerate(runs):
            yield f"run-{name}-{number:02}.png", head, run


def runs(size=_N, every=1):
    """name -> bytes: each run of `size` characters under three keys in one file; only every so many-th."""
    keys = ("parameters", "Dream", "Description", "comment")
    return {
        name: c.png_texts([(key, head + run * (size // len(run))) for key in keys], "zTXt")
        for name, head, run in list(_runs())[::every]
    }


def _long_settings():
    lines = [("a" * 58 + ",") * 330 + " Steps: 1, Seed: 2, x: 1"] * 400
    return "x\n" + "\n".join(lines)


def texts():
    numbers = "[" + "1.5," * 1_500_000 + "1]"
    marks = '"uc":"","c":"","sampler":"k","steps":1,"scale":1,"model":"m","base_model":"b","adm_guidance":"x","version":"Fooocus"'
    empties = "[" + "[]," * 2_500_000 + "[]]"
    return {
        "lines.png": _png(_long_settings()),
        "entity.png": _png("AIGC &#" + "9" * 5000 + ";"),
        "entities.png": _png("AIGC " + "&#99999;" * 100_000),
        "floats.png": _png(f'{{{marks},"x":{numbers}}}', "Comment"),
        "floats_open.png": _png(f'{{{marks},"class_type":"nodes","x":{numbers}', "Comment"),
        "empties.png": _png(f'{{{marks},"x":{empties}}}', "Comment"),
        "empties.glb": _glb(empties.encode()),
        "deep.glb": _glb(b"[" * 500_000),
        "digits.png": _png('{"seed": ' + "9" * 1_000_000 + "}", "Comment"),
        "digits_many.png": _png('{"uc":1,"x":[' + ("9" * 4000 + ",") * 250 + "1]}", "Comment"),
        "keys.png": _png(json.dumps({"c": 1, "uc": 2, "model": 1, "sampler": 1, "steps": 2} | {f"k{i}": i for i in range(200_000)})),
        "strings.png": _png(_nested_strings()),
        "same.png": c.png_texts([("Comment", f'{{{marks},"x":"{i}"}}') for i in range(2_000)]),
    }  # fmt: skip


def _glb(extras):
    body = b'{"asset":{"extras":{"prompt":' + extras + b"}}}"
    return b"glTF" + struct.pack("<III4s", 2, 20 + len(body), len(body), b"JSON") + body


def _nested_strings():
    text = json.dumps({"class_type": "x", "nodes": "y" * 1000})
    for _ in range(12):
        text = json.dumps(text)
    return text


def _node(kind, **inputs):
    return {"class_type": kind, "inputs": inputs}


def _sampler(**more):
    return _node(
        "KSampler", **{"seed": 1, "steps": 2, "cfg": 3, "sampler_name": "e", "scheduler": "n", "denoise": 1, **more}
    )


def graphs():
    """ComfyUI API graphs whose walks could be long."""
    made = {}
    made["chain"] = {str(i): _sampler(model=[str(i + 1), 0], positive=[str(i + 1), 0], latent_image=[str(i + 1), 0])
                     for i in range(3000)}  # fmt: skip
    made["mesh"] = {
        str(i): _node("ModelMerge", **{f"model{k}": [str((i * 7 + k) % 400), 0] for k in range(50)}) for i in range(400)
    }
    made["mesh"]["s"] = _sampler(model=["0", 0], positive=["1", 0], latent_image=["2", 0])
    made["line"] = {str(i): _node("Merge", **{f"model{k}": [str(i + 1), 0] for k in range(120)}) for i in range(200)}
    made["line"]["s"] = _sampler(model=["0", 0], positive=["0", 0])
    made["doubling"] = {
        str(i): _node("StringConcatenate", string_a=[str(i + 1), 0], string_b=[str(i + 1), 0]) for i in range(200)
    }
    made["doubling"]["200"] = _node("PrimitiveString", value="x" * 100)
    made["doubling"]["t"] = _node("CLIPTextEncode", text=["0", 0])
    made["doubling"]["s"] = _sampler(positive=["t", 0], negative=["t", 0], model=["0", 0])
    made["conditions"] = {str(i): _node("ConditioningCombine", **{f"conditioning_{k}": [str(i + 1 + k), 0] for k in range(16)})
                          for i in range(1500)}  # fmt: skip
    made["conditions"] |= {f"s{i}": _sampler(positive=[str(i), 0], negative=[str(i + 1), 0]) for i in range(40)}
    made["loaders"] = {str(i): _node("LoadImage", image=[f"{i}-{k}.png" for k in range(40)]) for i in range(900)}
    made["loaders"]["s"] = _node("SaveImage", filename_prefix="x", **{f"image{i}": [str(i), 0] for i in range(900)})
    made["folders"] = {str(i): _node("load" * 250, **{f"directory{k}": f"{k}" for k in range(250)}) for i in range(60)}
    made["outputs"] = {str(i): _node("SaveImage", filename_prefix="x", images=["s", 0]) for i in range(5000)}
    made["outputs"]["s"] = _sampler()
    made["wide"] = {"s": _sampler(**{f"positive{k}": [str(k), 0] for k in range(5000)})}
    made["wide"] |= {str(k): _node("CLIPTextEncode", text="x" * 50) for k in range(5000)}
    made["texts"] = {str(i): _node("CLIPTextEncode", **{f"text{k}": ["c0", 0] for k in range(200)}) for i in range(60)}
    made["texts"] |= {
        f"c{i}": _node("Concat", **{f"text{k}": [f"c{i + 1}", 0] for k in range(100)}) for i in range(100)
    }
    made["texts"] |= {f"s{i}": _sampler(positive=[str(i), 0], negative=[str(i + 1), 0]) for i in range(40)}
    made["switches"] = {str(i): _node("Switch", select=[str(i + 1), 0], input1=[str(i + 1), 0]) for i in range(5000)}
    made["services"] = {
        str(i): _node("Kling", prompt=[str(i + 1), 0], model=[str(i + 1), 0], seed=1) for i in range(3000)
    }
    made["keys"] = {"s": _sampler(**{f"x{k}.y": "a.png" for k in range(40_000)})}
    made["loras"] = {
        str(i): _node("Lora", model=[str(i + 1), 0], **{f"lora_{k}": f"l{i}-{k}" for k in range(40)})
        for i in range(500)
    }
    made["loras"] |= {f"s{i}": _sampler(model=["0", 0], latent_image=[f"s{i + 1}", 0]) for i in range(40)}
    return {f"graph-{name}.png": c.png_texts([("prompt", json.dumps(value))], "zTXt") for name, value in made.items()}


def _ui(number, kind, inputs=(), *, mode=0, widgets=(), outputs=None):
    return {
        "id": number, "type": kind, "mode": mode, "widgets_values": list(widgets),
        "inputs": [{"name": f"i{k}", "type": "X", "link": link} for k, link in enumerate(inputs)],
        "outputs": [{"name": "o", "type": "X"}] if outputs is None else outputs,
    }  # fmt: skip


def _flow(nodes, links, subgraphs=()):
    return {"nodes": nodes, "links": links, "version": 0.4, "definitions": {"subgraphs": list(subgraphs)}}


def workflows():
    """ComfyUI editor graphs: the same, and what is virtual in them."""
    made = {}
    links, nodes = [], []
    for i in range(60):  # every bypassed node may hand on any of five inputs, and none leads anywhere
        mine = list(range(i * 5, i * 5 + 5))
        nodes.append(_ui(i, "Pass", mine, mode=4))
        links += [[number, i + 1, 0, i, k, "X"] for k, number in enumerate(mine)]
    made["bypassed"] = _flow([*nodes, _ui(999, "KSampler", [0], widgets=[1, "fixed", 2, 3, "e", "n", 1])], links)
    gets = [_ui(i, "GetNode", widgets=[f"v{i}"]) for i in range(3000)]
    sets = [_ui(i + 3000, "SetNode", [None], widgets=[f"v{i}"]) for i in range(3000)]
    users = [_ui(i + 6000, "User", [i]) for i in range(3000)]
    made["variables"] = _flow([*gets, *sets, *users], [[i, i, 0, i + 6000, 0, "X"] for i in range(3000)])
    inner = {"id": "sub", "nodes": [_ui(i, "sub") for i in range(20)], "links": [], "inputs": [], "outputs": []}
    made["recursion"] = _flow([_ui(i, "sub") for i in range(20)], [], [inner])
    big = {
        "id": "big", "nodes": [_ui(i, "K") for i in range(3000)], "inputs": [],
        "links": [{"id": i, "origin_id": i, "origin_slot": 0, "target_id": -20, "target_slot": 0} for i in range(3000)],
        "outputs": [{"name": "o", "linkIds": list(range(3000))}],
    }  # fmt: skip
    readers = [_ui(i + 2, "R", [i]) for i in range(2000)]
    made["opened"] = _flow([_ui(1, "big"), *readers], [[i, 1, 0, i + 2, 0, "X"] for i in range(2000)], [big])
    host = _ui(1, "big2", widgets=list(range(3000)))
    host["properties"] = {"proxyWidgets": [[str(i), f"w{i}"] for i in range(3000)]}
    names = [{"name": f"n{i}", "type": "X"} for i in range(3000)]
    host["inputs"] = [{"name": f"n{i}", "widget": {"name": f"n{i}"}, "link": None} for i in range(3000)]
    big2 = {
        "id": "big2", "nodes": [_ui(i, "K", [i]) for i in range(3000)], "inputs": names, "outputs": [],
        "links": [{"id": i, "origin_id": -10, "origin_slot": i, "target_id": i, "target_slot": 0} for i in range(3000)],
    }  # fmt: skip
    made["proxies"] = _flow([host], [], [big2])
    made["widgets"] = _flow([_ui(i, "KSampler", widgets=[0] * 2000) for i in range(200)], [])
    seen = [_ui(i, "Reroute", [i]) for i in range(5000)]
    made["reroutes"] = _flow(seen, [[i, i + 1, 0, i, 0, "X"] for i in range(5000)])
    chain = [_ui(i, f"s{i}") for i in range(2)]
    subs = [
        {"id": f"s{i}", "nodes": [_ui(k, f"s{i + 1}") for k in range(60)], "links": [], "outputs": []} for i in range(8)
    ]
    made["levels"] = _flow(chain, [], subs)
    return {f"flow-{name}.png": c.png_texts([("workflow", json.dumps(value))], "zTXt") for name, value in made.items()}


def _description(inside, more=""):
    return f"<rdf:Description {more}>{inside}</rdf:Description>"


def packets():
    """XMP: deep, wide, many."""
    spaces = "".join(f' xmlns:{name}="{uri}"' for name, uri in c.XMP_SPACES.items())
    head = (
        f'<x:xmpmeta xmlns:x="adobe:ns:meta/"><rdf:RDF xmlns:rdf="http://www.w3.org/1999/02/22-rdf-syntax-ns#"{spaces}>'
    )
    tail = "</rdf:RDF></x:xmpmeta>"
    hints = "<exif:UserComment>UserComment AIGC iptc.org</exif:UserComment>"
    nested = hints + "<rdf:Description><dc:a>" * 10_000 + "x" + "</dc:a></rdf:Description>" * 10_000
    seq = (
        "<rdf:Description><xmpMM:History><rdf:Seq>"
        + "<rdf:li>x</rdf:li>" * 90_000
        + "</rdf:Seq></xmpMM:History></rdf:Description>"
    )
    wide = "<rdf:Description " + " ".join(f'dc:a{i}="x"' for i in range(60_000)) + f">{hints}</rdf:Description>"
    made = {
        "nested": head + nested + tail,
        "listed": head + _description(hints) + seq + tail,
        "wide": head + wide + tail,
        "deep": head + _description(hints + "<dc:a>" * 90_000 + "</dc:a>" * 90_000) + tail,
        "starts": "<x:xmpmeta" * 100_000,
        "starts_rdf": "<rdf:RDF" * 100_000 + "</rdf:RDF>",
        "entity": "<!DOCTYPE a [" + "".join(f'<!ENTITY a{i} "&a{i + 1};&a{i + 1};">' for i in range(60)) + "]>" + head + tail,
    }  # fmt: skip
    files = {f"xmp-{name}.png": c.png_texts([("XML:com.adobe.xmp", text)], "iTXtz") for name, text in made.items()}
    one = head + _description(hints + "<dc:a>x</dc:a>" * 30_000) + tail
    files["xmp-many.png"] = c.png_texts([("XML:com.adobe.xmp", f"{one}<!--{i}-->") for i in range(60)], "iTXtz")
    return files


def _ifd(entries, following=0):
    return (
        struct.pack("<H", len(entries))
        + b"".join(struct.pack("<HHII", *e) for e in entries)
        + struct.pack("<I", following)
    )


def containers():
    """Structures that count wrong, loop, or inflate."""
    bomb = zlib.compress(bytes(7 << 20), 9)
    return {
        "bombs.png": c.png_chunks(*[(b"zTXt", b"Comment\0\0" + bomb)] * 60),
        "bombs_spaced.png": c.png_chunks(*[(b"zTXt", b"Comment\0\0" + zlib.compress(b"{ " * (1 << 22), 9))] * 8),
        "chunks.png": c.png_chunks(*[(b"tEXt", b"a\0b")] * 80_000),
        "private.png": c.png_chunks((b"caBX", b"x"), *[(b"prVt", b"")] * 90_000),
        "assertions.png": c.png_chunks((b"caBX", b"c2pa.assertions\0" + b"\0\0\0\x10jumd" * 9_000)),
        "blocks_more.gif": c.gif_head() + b"\x21\xfe\x01a\0" * 10_000 + b"\x21\xff\x0bC2PA_GIF\1\0\0\1x\0" + b"\x21\xfe\x01a\0" * 300_000,
        "chunks.wav": c.riff(b"WAVE", [(b"C2PA", b"x" * 9), *[(b"junk", b"")] * 120_000]),
        "credential.mp4": c.box(b"ftyp", b"isom\0\0\0\0isom") + c.box(b"uuid", c.C2PA_UUID + bytes(30)) + b"\0\0\0\x08free" * 30_000,
        "segments.jpg": b"\xff\xd8" + c.segment(0xEB, b"JP\0\1jumb") + c.segment(0xFE, b"") * 200_000,
        "profile.png": c.png_texts([("Raw profile type exif", "exif\n 9\n" + "00\n" * 2_000_000)], "zTXt"),
        "comments.jpg": c.jpeg(comments=["Steps: 20, Seed: 1, Sampler: x"] * 15_000),
        "icc.jpg": c.jpeg(apps=[(2, b"ICC_PROFILE\0" + bytes([i % 256, 255]) + b"x" * 50) for i in range(15_000)]),
        "extended.jpg": c.jpeg(apps=[(1, b"http://ns.adobe.com/xmp/extension/\0" + b"0" * 32 + struct.pack(">II", 9, i) + b"x" * 40)
                                     for i in range(10_000)]),
        "fill.jpg": b"\xff\xd8" + b"\xff" * 500_000 + b"\xff\xd9",
        "pages.tif": b"II*\0\x08\0\0\0" + b"\xff" * 14_000,
        "pages_chain.tif": _overlapping_pages(),
        "self.tif": b"II*\0\x08\0\0\0" + _ifd([(0x8769, 4, 1, 8)], 8),
        "values.tif": b"II*\0\x08\0\0\0" + _ifd([(0x9C9B + i, 1, 900_000, 100) for i in range(900)]) + bytes(900_000),
        "comment.tif": b"II*\0\x08\0\0\0" + _ifd([(0x9286, 7, 900_000, 100)]) + b"UNICODE\0" + b"a\0" * 500_000,
        "blocks.gif": c.gif_head() + b"\x21\xfe\x01a\0" * 150_000 + b";",
        "chunks.webp": c.riff(b"WEBP", [(b"EXIF", b"II*\0\x08\0\0\0\0\0")] * 50_000),
        "empty.webp": c.riff(b"WEBP", [(b"XMP ", b"")] * 99_000),
        "extents.heic": _heic_extents(),
        "items.heic": _heic_items(),
        "owners.heic": _heic_owners(),
        "boxes.mp4": c.box(b"ftyp", b"isom\0\0\0\0isom") + b"\0\0\0\x08free" * 60_000,
        "nested.mp4": _nested_boxes(),
        "tracks.mp4": c.box(b"ftyp", b"isom\0\0\0\0isom") + c.box(b"moov", c.box(b"trak", c.box(b"tkhd", bytes(84))) * 5_000),
        "tables.mp4": _movie_tables(),
        "metadata.svg": b"<svg xmlns='http://www.w3.org/2000/svg'>" + b"<metadata>" * 12_000 + b"x" + b"</metadata>" * 12_000 + b"</svg>",
        "width.svg": b"<svg xmlns='http://www.w3.org/2000/svg' width='1" + b" " * 900_000 + b"x'/>",
        "rdf.svg": b"<svg>" + b"<x:xmpmeta" * 90_000 + b"</svg>",
        "cover.mp3": _cover(),
        "resources.psd": c.psd(c.xmp() * 2, c.exif("x" * 9)) + bytes(100_000),
        "zip.drp": c.zipped({f"MediaPool/{i}/project.xml": "x" for i in range(5_000)}),
    }  # fmt: skip


def timelines():
    """Edits: many events, deep nests, bombs in archives, compounds that hold themselves."""
    nested = '{"OTIO_SCHEMA":"Stack.1","children":[' * 400 + "]}" * 400
    clip = '{"OTIO_SCHEMA":"Clip.2","name":"a","media_references":{}}'
    track = '{"OTIO_SCHEMA":"Track.1","children":[' + ",".join([clip] * 40_000) + "]}"
    asset = '<asset id="r1" src="file:///a.mov"/>'
    spine = "<spine>" * 5_000 + "</spine>" * 5_000
    loop = '<media id="m"><sequence><spine>' + '<ref-clip ref="m" duration="1s"/>' * 20 + "</spine></sequence></media>"
    head, tail = (
        '<?xml version="1.0"?><fcpxml version="1.9"><resources>',
        "</sequence></project></event></library></fcpxml>",
    )
    middle = '</resources><library><event><project><sequence duration="9s">'
    item = '<clipitem><name>a</name><file id="f"><pathurl>file:///a</pathurl></file></clipitem>'
    track7 = "<xmeml><sequence><media><video><track>{}</track></video></media></sequence></xmeml>"
    event = "001  AX       V     C        00:00:00:00 00:00:02:00 01:00:00:00 01:00:02:00\n"
    bomb = c.zipped({"project.xml": "<a>" + " " * (60 << 20) + "</a>", "MediaPool/a.xml": "x"})
    many = c.zipped(
        {"project.xml": "<a/>", **{f"MediaPool/{i}/MpFolder.xml": "<a><Name>x</Name></a>" for i in range(6_000)}}
    )
    made = {
        "events.edl": "TITLE: x\n" + event * 13_000,
        "comments.edl": "TITLE: x\n" + event + "* FROM CLIP NAME: " + "a " * 400_000 + "\n" + "* \n" * 100_000,
        "columns.edl": "TITLE: x\n001" + " " * 900_000 + "\n" + event,
        "nested.otio": '{"OTIO_SCHEMA":"Timeline.1","tracks":' + nested + "}",
        "tracks.otio": '{"OTIO_SCHEMA":"Timeline.1","tracks":{"OTIO_SCHEMA":"Stack.1","children":[' + track + "]}}",
        "open.otio": '{"OTIO_SCHEMA":' * 30_000,
        "nested.fcpxml": head + asset + middle + spine + tail,
        "clips.fcpxml": head + asset + middle + "<spine>" + '<asset-clip ref="r1" duration="1/24s"/>' * 20_000 + "</spine>" + tail,
        "loop.fcpxml": head + loop + middle + '<spine><ref-clip ref="m" duration="1s"/></spine>' + tail,
        "times.fcpxml": head + middle + '<spine><gap duration="' + "9" * 100_000 + "/" + "9" * 100_000 + 's"/></spine>' + tail,
        "clips.xml": track7.format(item * 9_000),
        "nested.xml": track7.format("<clipitem><sequence><media><video><track>" * 3_000),
    }  # fmt: skip
    return {**{name: text.encode() for name, text in made.items()}, "bomb.drp": bomb, "many.drp": many}


def _cover(side=13_000):
    """A sound whose cover picture is two megabytes as a file and half a gigabyte as pixels."""
    packer = zlib.compressobj(9)
    first, again = (packer.compress(bytes(1 << 20)) + packer.flush(zlib.Z_FULL_FLUSH) for _ in range(2))
    rows = first + again * ((side * 3 + 1) * side >> 20)
    head = struct.pack(">IIBBBBB", side, side, 8, 2, 0, 0, 0)
    picture = b"\x89PNG\r\n\x1a\n" + c.chunk(b"IHDR", head) + c.chunk(b"IDAT", rows) + c.chunk(b"IEND", b"")
    body = b"\0image/png\0\3\0" + picture
    frame = b"APIC" + struct.pack(">I", len(body)) + b"\0\0" + body
    size = bytes(len(frame) >> shift & 127 for shift in (21, 14, 7, 0))
    return (
        b"ID3\x03\0\0"
        + size
        + frame
        + c.sound("mp3", "libmp3lame", {}).partition(b"\xff\xfb")[2].join((b"\xff\xfb", b""))
    )


def _overlapping_pages():
    """2048 directories of 1024 entries in 30 KB: each begins two bytes behind the one before, and names the next."""
    size = 2 + 1024 * 12
    block = bytearray(b"II*\0\x08\0\0\0" + bytes(2 * 2100 + size + 8))
    for page in range(2100):
        at = 8 + 2 * page
        struct.pack_into("<H", block, at, 1024)
    for page in range(2100):
        end = 8 + 2 * page + size
        if end + 4 <= len(block):
            struct.pack_into("<H", block, end, (8 + 2 * page + 2) & 0xFFFF)
    return bytes(block)


def _heic(parts, tail=b""):
    return c.box(b"ftyp", b"heic\0\0\0\0mif1heic") + c.box(b"meta", parts, 0) + tail


def _heic_extents():
    items = b"".join(struct.pack(">HHH", i, 0, 0xFFFF) for i in range(5_000))
    return _heic(c.box(b"iloc", b"\0\0" + struct.pack(">H", 5_000) + items, 0))


def _heic_items():
    """Thousands of EXIF items that all lie over the same megabyte."""
    count = 8_000
    infos = b"".join(c.box(b"infe", struct.pack(">HH", i, 0) + b"Exif\0", 2 << 24) for i in range(count))
    places = b"".join(struct.pack(">HHHII", i, 0, 1, 400_000, 1 << 20) for i in range(count))
    parts = c.box(b"iinf", struct.pack(">H", count) + infos, 0)
    parts += c.box(b"iloc", b"\x44\0" + struct.pack(">H", count) + places, 0)
    return _heic(parts, c.box(b"mdat", b"\0\0\0\0II*\0\x08\0\0\0" + b"\xff" * (1 << 20)))


def _heic_owners():
    entries = b"".join(struct.pack(">HB", i & 0xFFFF, 0) for i in range(300_000))
    return _heic(c.box(b"iprp", c.box(b"ipco", b"") + c.box(b"ipma", struct.pack(">I", 300_000) + entries, 0)))


def _nested_boxes():
    body = b""
    for _ in range(5_000):
        body = c.box(b"moov", body)
    return c.box(b"ftyp", b"isom\0\0\0\0isom") + body


def _movie_tables():
    """Sample tables that say two thousand million samples."""
    plain = c.video("mp4", "mpeg4", {})
    for kind in (b"stsz", b"stts", b"stsc", b"stco"):
        at = plain.find(kind)
        plain = plain[: at + 8] + plain[at + 8 : at + 16].replace(b"\0\0\0\x03", b"\x7f\xff\xff\xff") + plain[at + 16 :]
    return plain
