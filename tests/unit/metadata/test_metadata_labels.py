"""Labels that say "made by AI" in every container that holds them; and files that must never be called AI."""

import io
import json
import struct
import zipfile

import pytest
from PIL import Image, PngImagePlugin

from dam.media.probe import from_bytes
from dam.metadata import source_type
from dam.metadata.merge import merge
from dam.metadata.producers import producer_of
from dam.metadata.read import read_claims
from dam.metadata.readers import aigc
from tests.support.sounds import CODECS, info_list, mp4_with_user_box, riff_with, tagged

DOUBAO = "001191110102MACQD9K64010000"
LABEL = {
    "Label": "1",
    "ContentProducer": DOUBAO,
    "ProduceID": "e3578014",
    "ReservedCode1": "",
    "ContentPropagator": "001191110108335469089C00000",
    "PropagateID": "",
    "ReservedCode2": "",
}
JSON = json.dumps(LABEL, separators=(",", ":"))
RDF = (
    '<x:xmpmeta xmlns:x="adobe:ns:meta/"><rdf:RDF xmlns:rdf="http://www.w3.org/1999/02/22-rdf-syntax-ns#">'
    '<rdf:Description rdf:about="" xmlns:TC260="http://www.tc260.org.cn/ns/AIGC/1.0/" '
    'xmlns:i="http://iptc.org/std/Iptc4xmpExt/2008-02-29/" xmlns:photoshop="http://ns.adobe.com/photoshop/1.0/" '
    'xmlns:xmp="http://ns.adobe.com/xap/1.0/" xmlns:dc="http://purl.org/dc/elements/1.1/" {}</rdf:RDF></x:xmpmeta>'
)
QUOTED = JSON.replace('"', "&quot;")
ELEMENT = RDF.format(f"><TC260:AIGC>{QUOTED}</TC260:AIGC></rdf:Description>").encode()
ATTRIBUTE = RDF.format(f'TC260:AIGC="{QUOTED}"/>').encode()
TWICE = RDF.format(f'TC260:AIGC="{QUOTED.replace("&", "&amp;")}"/>').encode()


def image(form, **options):
    out = io.BytesIO()
    Image.new("RGB", (12, 9), (200, 10, 10)).save(out, form, **options)
    return out.getvalue()


def with_exif(form, tag, value):
    exif = Image.Exif()
    if tag == 0x9286:
        exif.get_ifd(0x8769)[tag] = b"ASCII\0\0\0" + value.encode()
    else:
        exif[tag] = value
    return image(form, exif=exif)


def png_text(key, value, *, itxt=False):
    info = PngImagePlugin.PngInfo()
    (info.add_itxt if itxt else info.add_text)(key, value)
    return image("PNG", pnginfo=info)


def gif_with_xmp(packet):
    data = image("GIF")
    trailer = b"\x01" + bytes(range(255, -1, -1)) + b"\0"
    return data[:-1] + b"\x21\xff\x0bXMP DataXMP" + packet + trailer + b";"


def jpeg_with_segment(marker, body):
    data = image("JPEG")
    return data[:2] + bytes([0xFF, marker]) + struct.pack(">H", len(body) + 2) + body + data[2:]


def pdf_with(packet):
    stream = b"<</Type/Metadata/Subtype/XML/Length %d>>\nstream\n" % len(packet) + packet + b"\nendstream"
    return b"%PDF-1.7\n1 0 obj\n" + stream + b"\nendobj\ntrailer<</Root 2 0 R>>\n%%EOF\n"


def docx_with(text):
    out = io.BytesIO()
    quoted = text.replace("&", "&amp;").replace("<", "&lt;")
    with zipfile.ZipFile(out, "w", zipfile.ZIP_DEFLATED) as archive:
        archive.writestr("[Content_Types].xml", "<Types/>")
        archive.writestr("word/document.xml", "<document/>")
        archive.writestr(
            "docProps/custom.xml",
            '<Properties xmlns:vt="v"><property name="Other"><vt:lpwstr>x</vt:lpwstr></property>'
            f'<property name="AIGC"><vt:lpwstr>{quoted}</vt:lpwstr></property></Properties>',
        )
    return out.getvalue()


def mp3_with_xmp(packet):
    frame = b"PRIV" + struct.pack(">I", len(packet) + 4) + b"\0\0" + b"XMP\0" + packet
    size = bytes((len(frame) >> shift) & 0x7F for shift in (21, 14, 7, 0))
    return b"ID3\x03\0\0" + size + frame + tagged("mp3")


WRAPPED = json.dumps({"AIGC": LABEL})
FRONT = f"---\ntitle: x\nAIGC:\n    Label: \"1\"\n    ContentProducer: {DOUBAO}\n    ProduceID: 'e3578014'\n---\n# x\n"
FILES = {
    "png, XMP element": png_text("XML:com.adobe.xmp", ELEMENT.decode(), itxt=True),
    "png, XMP attribute": png_text("XML:com.adobe.xmp", ATTRIBUTE.decode(), itxt=True),
    "png, XMP escaped twice": png_text("XML:com.adobe.xmp", TWICE.decode()),
    "png, text": png_text("AIGC", JSON),
    "jpeg, XMP": image("JPEG", xmp=ELEMENT),
    "jpeg, UserComment": with_exif("JPEG", 0x9286, WRAPPED),
    "jpeg, ImageDescription": with_exif("JPEG", 0x010E, WRAPPED),
    "jpeg, application segment": jpeg_with_segment(0xE9, b"AIGC" + JSON.encode()),
    "webp, XMP": image("WEBP", xmp=ATTRIBUTE),
    "webp, UserComment": with_exif("WEBP", 0x9286, WRAPPED),
    "avif, XMP": image("AVIF", xmp=ELEMENT),
    "avif, ImageDescription": with_exif("AVIF", 0x010E, WRAPPED),
    "tiff, XMP": image("TIFF", tiffinfo={700: ELEMENT}),
    "gif, XMP": gif_with_xmp(ELEMENT),
    "gif, comment": image("GIF", comment=b"AIGC" + JSON.encode()),
    **{f"{form}, tag": tagged(form, (("AIGC", JSON),)) for form in CODECS if form not in ("avi", "wav")},
    "mp4, user data": mp4_with_user_box(b"AIGC", JSON.encode()),
    "mp4, XMP in user data": mp4_with_user_box(b"XMP_", ELEMENT),
    "avi, INFO": riff_with(tagged("avi"), (b"LIST", info_list(AIGC=JSON))),
    "avi, XMP": riff_with(tagged("avi"), (b"_PMX", ELEMENT)),
    "wav, chunk": riff_with(tagged("wav"), (b"AIGC", JSON.encode())),
    "wav, INFO": riff_with(tagged("wav"), (b"LIST", info_list(AIGC=JSON))),
    "wav, XMP": riff_with(tagged("wav"), (b"_PMX", ELEMENT)),
    "mp3, XMP": mp3_with_xmp(ELEMENT),
    "mp3, comment": tagged("mp3", (("comment", WRAPPED),)),
    "svg, metadata": b'<svg xmlns="http://www.w3.org/2000/svg"><metadata>' + ELEMENT + b"</metadata></svg>",
    "pdf, XMP": pdf_with(ELEMENT),
    "docx, property": docx_with(JSON),
    "markdown, lines": FRONT.encode(),
    "markdown, JSON": f"---\nAIGC: {JSON}\n---\n# x\n".encode(),
}


def answer(data, name="x"):
    claims, problems = read_claims(from_bytes(data, name))
    assert problems == ()
    return merge(claims), claims


@pytest.mark.parametrize("where", FILES)
def test_chinas_label_is_found_in_every_container(where):
    merged, claims = answer(FILES[where], "x.md" if where.startswith("markdown") else "x")
    assert merged.ai_generated is True
    assert merged.generation.tool == "Doubao"
    found = next(claim for claim in claims if claim.reader == "aigc")
    assert found.fields["aigc"]["ProduceID"] == "e3578014"
    assert found.fields["producer"]["company"] == "91110102MACQD9K640"


@pytest.mark.parametrize(
    ("code", "parts"),
    [
        (DOUBAO, ("1", "91110102MACQD9K640", "10000", "Doubao")),
        ("00119144030008867405X210002", ("1", "9144030008867405X2", "10002", "Jimeng")),
        ("001191440300708461136T1XGW3", ("1", "91440300708461136T", "1XGW3", "Tencent Yuanbao")),
        ("001191320114777023172010000", ("1", "913201147770231720", "10000", None)),
        ("kling", (None, None, None, "Kling")),
        ("A Kling fan", (None, None, None, None)),
        ("", (None, None, None, None)),
    ],
)
def test_producers_code_has_parts_and_an_unknown_company_is_no_tool(code, parts):
    found = producer_of(code)
    assert (found.kind, found.company, found.service, found.tool) == parts


@pytest.mark.parametrize(
    ("label", "means", "sure"),
    [("1", "generated", 0.9), (2, "possibly generated", 0.6), ("3", "suspected generated", 0.4)],
)
def test_labels_2_and_3_are_less_sure(probe_of, label, means, sure):
    (claim,) = aigc.PLUGIN.read(probe_of(AIGC={**LABEL, "Label": label}))
    assert (claim.ai_generated, claim.fields["means"], claim.confidence) == (True, means, sure)


def test_who_passed_a_picture_on_has_not_made_it(probe_of):
    (claim,) = aigc.PLUGIN.read(probe_of(AIGC={"Label": "1", "ContentPropagator": DOUBAO, "ProduceID": "1"}))
    assert claim.generation is None


def test_jimengs_own_note_counts_for_a_generation_only(probe_of):
    note = {"aigc_info": {"aigc_label_type": 0, "source_info": "dreamina"}, "data": {"exportType": "generation"}}
    (claim,) = aigc.PLUGIN.read(probe_of(texts=[("0x9286", note)]))
    assert (claim.generation.tool, claim.ai_generated) == ("Jimeng", True)
    plain = {"aigc_info": {"aigc_label_type": 0, "source_info": ""}, "data": {"product": "editor"}}
    assert aigc.PLUGIN.read(probe_of(texts=[("0x9286", plain)])) == []


@pytest.mark.parametrize(
    ("value", "term", "says"),
    [
        ("http://cv.iptc.org/newscodes/digitalsourcetype/trainedAlgorithmicMedia", "trainedAlgorithmicMedia", True),
        ("https://cv.iptc.org/newscodes/digitalsourcetype/compositeSynthetic/", "compositeSynthetic", True),
        ("digsrctype:compositeWithTrainedAlgorithmicMedia", "compositeWithTrainedAlgorithmicMedia", True),
        ("https://schema.org/TrainedAlgorithmicMediaDigitalSource", "trainedAlgorithmicMedia", True),
        ("http://c2pa.org/digitalsourcetype/trainedAlgorithmicData", "trainedAlgorithmicData", True),
        ("digitalCapture", "digitalCapture", False),
        ("http://cv.iptc.org/newscodes/digitalsourcetype/computationalCapture", "computationalCapture", False),
        ("minorHumanEdits", "minorHumanEdits", False),
        ("screenCapture", "screenCapture", False),
        ("algorithmicMedia", "algorithmicMedia", None),
        ("algorithmicallyEnhanced", "algorithmicallyEnhanced", None),
        ("virtualRecording", "virtualRecording", None),
        ("http://c2pa.org/digitalsourcetype/empty", "empty", None),
        ("", "", None),
    ],
)
def test_source_types_of_every_spelling_say_what_they_say(value, term, says):
    assert source_type.short(value) == term
    assert source_type.says_ai(value) is says


def xmp_png(description):
    return png_text("XML:com.adobe.xmp", RDF.format(description), itxt=True)


IPTC_ATTRIBUTES = 'i:AISystemUsed="Studio Diffuser" i:AISystemVersionUsed="3.1" i:AIPromptInformation="a heron"/>'
IPTC_ELEMENTS = (
    "><i:AISystemUsed>Studio Diffuser</i:AISystemUsed><i:AISystemVersionUsed>3.1</i:AISystemVersionUsed>"
    "<i:AIPromptInformation><rdf:Alt><rdf:li xml:lang='x-default'>a heron</rdf:li></rdf:Alt></i:AIPromptInformation>"
    "</rdf:Description>"
)


@pytest.mark.parametrize("inside", [IPTC_ATTRIBUTES, IPTC_ELEMENTS])
def test_iptc_2025_fields_are_read_as_attributes_and_as_elements(inside):
    merged, _ = answer(xmp_png(inside))
    made = merged.generation
    assert (merged.ai_generated, made.tool, made.tool_version, made.prompt) == (
        True,
        "Studio Diffuser",
        "3.1",
        "a heron",
    )


def test_prompts_writer_alone_says_that_there_was_a_prompt():
    assert answer(xmp_png('i:AIPromptWriterName="Ana"/>'))[0].ai_generated is True


def test_credit_line_names_the_system_where_the_source_type_says_ai():
    trained = 'i:DigitalSourceFileType="http://cv.iptc.org/newscodes/digitalsourcetype/trainedAlgorithmicMedia"'
    merged, _ = answer(xmp_png(f'{trained} photoshop:Credit="Made with Google AI"/>'))
    assert (merged.ai_generated, merged.generation.tool) == (True, "Google Generative AI")
    merged, _ = answer(xmp_png('i:DigitalSourceType="digitalCapture" photoshop:Credit="Made with Google AI"/>'))
    assert (merged.ai_generated, merged.generation) == (False, None)


@pytest.mark.parametrize(
    ("data", "tool", "version"),
    [
        (xmp_png('xmp:CreatorTool="Adobe Firefly"/>'), "Adobe Firefly", None),
        (with_exif("JPEG", 0x0131, "Midjourney v7"), "Midjourney", "7"),
        (png_text("Software", "DALL-E 3"), "DALL-E", "3"),
        (
            tagged(
                "mp3",
                (
                    (
                        "comment",
                        f"made with suno; created=2026-02-25T03:57:12Z; id={'6ec687e6-b51d-4a4b-9472-27bd8be77ffa'}",
                    ),
                ),
            ),
            "Suno",
            None,
        ),
    ],
    ids=["XMP", "EXIF", "PNG", "comment in sound"],
)
def test_generator_that_signs_its_work_is_weak_evidence(data, tool, version):
    merged, claims = answer(data)
    assert (merged.ai_generated, merged.generation.tool, merged.generation.tool_version) == (True, tool, version)
    assert max(claim.confidence for claim in claims if claim.ai_generated) < 0.5


CONTROLS = {
    "camera photo": with_exif("JPEG", 0x010F, "LEICA CAMERA AG"),
    "Photoshop edit": xmp_png('xmp:CreatorTool="Adobe Photoshop 26.0 (Windows)" dc:format="image/png"/>'),
    "edit in an editor that can generate": xmp_png('xmp:CreatorTool="Canva"/>'),
    "text that mentions a generator": xmp_png('dc:description="Drawn by hand, not with Midjourney or DALL-E"/>'),
    "title that is a generator's name": png_text("Title", "Midjourney"),
    "comment on AI": tagged("mp3", (("comment", "a song about being made with suno and AI"),)),
    "description of AIGC": with_exif("JPEG", 0x010E, "Slides of a talk on AIGC labels: {what: next}"),
    "AIGC key with a text": png_text("AIGC", "see the talk"),
    "screenshot": png_text("Software", "gnome-screenshot"),
    "Markdown on the label": b"# AIGC\n\n---\nAIGC: see GB 45438\n---\n",
    "encoder": tagged("mp4", (("title", "AI generated cats explained"),)),
    "computational capture": xmp_png(
        'i:DigitalSourceType="http://cv.iptc.org/newscodes/digitalsourcetype/computationalCapture"/>'
    ),
}


@pytest.mark.parametrize("name", CONTROLS)
def test_file_that_no_model_made_is_never_called_ai(name):
    merged, _ = answer(CONTROLS[name], "x.md")
    assert merged.ai_generated is not True
    assert merged.generation is None
