"""What nobody read and somebody should look at: so a new tool's format shows up instead of vanishing.

Tags that every encoder, camera and editor writes say nothing, unless their value has the shape of settings.
Free words (comments, captions) count if they are more than a program's or a camera's own stamp. Keys that generators use
count with whatever stands there. Keys that nobody knows count, too.
Where a generator's own text was read, short words beside it are that tool's (a title, a scheme's name): only settings
and long texts are still worth a look.
"""

import re
from collections.abc import Sequence

from dam.media.probe import Text
from dam.metadata.contract import MAX_RAW_BYTES, clean_text
from dam.model import Claim

READER = "unparsed"
VERSION = "2"
SHOWN_CHARS = 4_000
_LOOKED_AT_CHARS = 20_000

_GENERATORS = re.compile(
    r"prompt|negative[ _]prompt|workflow|parameters|dream|sd-metadata|invokeai\w*|generation_data|aigc|extra_pnginfo|extras"
)
_WORDS = re.compile(
    r"comments?|description|usercomment|caption|abstract|synopsis|title|subject|keywords|com|metadata|lyrics.*|sidecar"
    r"|imagedescription|makernote|xp(?:comment|title|subject|keywords)"
)
# Keys by who writes them: PNG's own and what libraries add; EXIF of cameras, TIFF, DNG and GeoTIFF; tags of containers.
_EVERYBODYS = re.compile(
    r"date|creation[ _]time|creationtime|software|processingsoftware|source|author|artist|copyright|disclaimer|warning|url"
    r"|make|model|hostcomputer|documentname|pagename|xpauthor|signature|label|gamma|iccp?"
    r"|(?:date|exif|png|tiff|icc|photoshop|dc|xmp|xmpmm|xmprights|crs|aux|dng|thumb|pdf|ps|svg|jpeg|gif|webp|heic|raw):.*"
    r"|raw profile type .*|xml:com\.adobe\.xmp|interlace.*|display_exposure|tile_count|renderingtime|file|frame|camera|time"
    r"|rendertime|scene|hostname|note|publisher|generator"
    r"|major_brand|minor_version|compatible_brands|encoder|encoded_by|encoded-by|encoding.*|handler_name|vendor_id|language"
    r"|duration(?:-\w+)?|timecode|reel_name|rotate|alpha_mode|stereo_mode|bps.*|number_of_.*|_statistics.*|statistics.*"
    r"|track|tracktotal|totaltracks|disc|disctotal|album.*|genre|composer|performer|conductor|lyricist|grouping|compilation"
    r"|year|originaldate|originalyear|organization|contact|isrc|isbn|barcode|location.*|com\.(?:apple|android|samsung|google)\..*"
    r"|replaygain.*|itun.*|itunes.*|musicbrainz.*|acoustid.*|gapless_playback|media_type|hd_video|purchase_date|sort_.*"
    r"|company_name|product_.*|modification_date|material_package.*|file_package.*|operational_pattern.*|generation_uid|uid|umid"
    r"|application_platform|toolkit_version|project_name|date_.*|tsse|tenc|tbpm|bpm|isft|ieng|iart|icop|icrd|tool"
    r"|wm/.*|wmfsdk.*|devicecon.*|audiodatarate|videodatarate|metadatacreator|hasmetadata|haskeyframes|coding_history"
    r"|originator.*|origination.*|time_reference|umid.*|variant_bitrate|service_.*|id3v2_priv\..*|comment-\w{3}"
)
_NUMBERED = re.compile(r"0x([0-9a-f]{4})")
_LETTER = re.compile(r"[^\W\d_]")
_CORE = re.compile(r"\w(?:.*\w)?", re.DOTALL)  # without the signs around it
# A program's or a camera's own stamp, with nothing behind it that tells how the thing was made.
_STAMP = re.compile(
    r"(?:(?:created|made|optimi[sz]ed|compressed|edited|processed|file written|written|generated|converted|resized|exported"
    r"|encoded|produced|handled|drawn|rendered|image generated) (?:with|by|using|in) .{1,80}"
    r"|creator: ?gd-jpeg .{1,80}|lavc[\d.]*|lavf[\d.]*|lead technologies.{0,60}|applemark.{0,10}|intel\(r\).{0,60}|ascii|unicode"
    r"|(?:olympus|sony|samsung|kodak|minolta|konica|ricoh|pentax|nikon|canon|fujifilm|casio|panasonic|digital|exif) ?[\w ]{0,30}"
    r"|dsc|screenshot|untitled|no ?name|default|none|null|image|picture|photo|cover \((?:front|back)|soundhandler|videohandler)",
    re.IGNORECASE,
)
_SETTING = re.compile(
    r"[\"'\s,{;|]?(steps|sampler|seed|cfg[ _]?scale|cfg|guidance(?:[ _]?scale)?|model|checkpoint|scheduler|strength|denois\w{2,4}"
    r"|negative[ _]?prompt|prompt|lora|vae|clip[ _]?skip)[\"']?\s{0,3}[:=]",
    re.IGNORECASE,
)
_LONG = 200
_SHORT_WORDS = 16  # letters and more that a comment has before it is worth a look


def unparsed(texts: Sequence[Text], claims: Sequence[Claim]) -> list[Claim]:
    """A claim that says nothing, with the first characters, for every carrier that is worth a look and that nobody claimed."""
    known = {(claim.carrier, claim.raw) for claim in claims}
    told = any(claim.generation is not None and claim.generation.prompt is not None for claim in claims)
    return [
        Claim(
            text.carrier,
            READER,
            VERSION,
            text.raw[:MAX_RAW_BYTES],
            text.raw_bytes,
            {"text": clean_text(text.text[:SHOWN_CHARS])},
            0.1,
        )
        for text in texts
        if (text.carrier, text.raw[:MAX_RAW_BYTES]) not in known and is_worth_a_look(text, told=told)
    ]


def is_worth_a_look(text: Text, *, told: bool = False) -> bool:
    """Whether a carrier looks like what a generator left, or like nothing that is known. `told`: another carrier of the
    file was read and says how it was made.
    """
    value = text.text[:_LOOKED_AT_CHARS].strip("\0 \t\r\n\ufeff")
    if not value or "c2pa:manifest" in value[:4000] or text.key == "XML:com.adobe.xmp":
        return False
    key = _plain_key(text)
    if _is_settings(value):
        return True
    if told:
        return len(value) >= _LONG and not _is_everybodys(key)
    if _GENERATORS.fullmatch(key):
        return True
    if _is_everybodys(key) or (not key and len(value) < _LONG):
        return False
    if _WORDS.fullmatch(key) or text.carrier.startswith("svg:"):
        return _says_more_than_a_stamp(text, value)
    return True


def _plain_key(text: Text) -> str:
    if text.carrier.startswith("sidecar:"):
        return "sidecar"
    key = text.key.lower()
    return key.removeprefix("----:com.apple.itunes:").strip()


def _is_everybodys(key: str) -> bool:
    tag = _NUMBERED.fullmatch(key)
    if tag is None:
        return _EVERYBODYS.fullmatch(key) is not None
    return _is_a_standard_tag(int(tag[1], 16))


def _is_a_standard_tag(tag: int) -> bool:
    """TIFF 6, EXIF 3.0 with interoperability, DNG, GeoTIFF and GDAL, IPTC and Photoshop's own."""
    return (
        tag < 0x0220
        or 0x8298 <= tag <= 0x92FF
        or 0xA000 <= tag <= 0xA4FF
        or 0xC612 <= tag <= 0xCDFF
        or tag in (0x4746, 0x4749, 0x828D, 0x87AF, 0x87B0, 0x87B1, 0xC4A5, 0xEA1C)
    )


def _is_settings(value: str) -> bool:
    """A JSON object or list of objects, or at least three different settings of a generator."""
    if value[0] in "{[" and value[-1:] in "}]" and '"' in value:
        return True
    return len({found.lower() for found in _SETTING.findall(value)}) >= 3


def _says_more_than_a_stamp(text: Text, value: str) -> bool:
    """Prose is for people where people write: in sidecars and captions of photographs. Programs' texts count."""
    if text.carrier.startswith(("sidecar:", "svg:")):
        return False
    if text.key in ("Title", "title", "XPTitle", "XPSubject", "XPKeywords", "ImageDescription", "XPComment"):
        return False
    core = _CORE.search(value)
    if len(value) < _SHORT_WORDS or core is None or _LETTER.search(value) is None:
        return False
    return len(core[0]) > _LONG or _STAMP.fullmatch(core[0]) is None
