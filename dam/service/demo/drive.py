"""Write the demo drive: one folder as a small studio leaves it, good files and bad ones.

Nothing here is copied from anybody: every picture, tone and metadata text is made by this package. Only the metadata's
grammar is that of the tools; the two signed files name this program, not a service, as their maker.
"""

import os
from collections.abc import Sequence
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Protocol

from dam.errors import ConflictError, StorageError
from dam.service.demo import carriers, comfy, pictures, recipes, sound_and_video, timelines, workflows
from dam.service.demo.brushes import Pixels

_WIDE, _TALL, _SQUARE = (1216, 832), (832, 1216), (1024, 1024)
_MASTER = "01_generated/sc010_sh020_mara_warehouse_v001.png"
_HARBOUR = "01_generated/sc010_sh010_harbour_dawn_v001.png"
_DUSK = "02_comfyui/output/mara_warehouse_dusk_00001_.png"
_VIDEO = "02_comfyui/output/video/mara_warehouse_pan_00001_.mp4"
_COMP = "03_edit/sc010_sh020_mara_warehouse_comp_v002.jpg"
_NEON = "01_generated/sc020_sh010_neon_rain_v003.jpg"
_AMBIENCE = "05_sound/harbour_dawn_ambience.wav"
_MAKER = "Headwater demo painter"
_LINE = "05_sound/line_012_mara_00001_.mp3"


class Signer(Protocol):
    """Whoever can attach a C2PA manifest with a c2pa.created action."""

    def sign_created(
        self,
        data: bytes,
        mime: str,
        *,
        title: str,
        tool: str,
        tool_version: str,
        ingredients: Sequence[tuple[Path, str, str]] = (),
    ) -> bytes:
        """The signed file. `ingredients` are (file, relationship: parentOf | componentOf | inputTo, MIME)."""


@dataclass(frozen=True, slots=True)
class DemoFile:
    """One file of the drive and, in a sentence, why it is there."""

    path: Path
    what: str


@dataclass(slots=True)
class _Desk:
    """Where the files go: paints each picture once, writes each file whole, dates it in the past."""

    folder: Path
    seed: int
    now: datetime
    files: list[DemoFile] = field(default_factory=list)
    _painted: dict[tuple[str, int, int], Pixels] = field(default_factory=dict)

    def paint(self, name: str, size: tuple[int, int]) -> Pixels:
        key = (name, *size)
        if key not in self._painted:
            self._painted[key] = pictures.PAINTERS[name](self.seed, *size)
        return self._painted[key]

    def number(self, salt: int) -> int:
        """A generation seed: stable for a drive, different per file."""
        return ((self.seed + 1) * 2_654_435_761 ^ salt * 2_246_822_519) % 4_294_967_296

    def ago(self, hours: float) -> datetime:
        return self.now - timedelta(hours=hours)

    def write(self, relative: str, data: bytes, what: str, *, hours_ago: float) -> None:
        """Whole or not at all: a hidden file in the same folder, then a rename."""
        target = self.folder / relative
        moment = self.ago(hours_ago).timestamp()
        try:
            target.parent.mkdir(parents=True, exist_ok=True)
            unfinished = target.with_name(f".{target.name}.writing")
            unfinished.write_bytes(data)
            os.utime(unfinished, (moment, moment))
            unfinished.replace(target)
        except OSError as reason:
            raise StorageError(
                f"The demo drive could not write {target}: {reason}.",
                next_step="Choose a folder with about 40 MB free.",
            ) from reason
        self.files.append(DemoFile(target, what))

    def read(self, relative: str) -> bytes:
        return (self.folder / relative).read_bytes()


def make_demo_drive(
    folder: Path, *, signer: Signer | None, seed: int = 7, now: datetime | None = None
) -> tuple[DemoFile, ...]:
    """Fill an empty or new folder with the demo's files: about 35, 20 MB; six seconds of one core.

    Args:
        folder: must be new or empty.
        signer: signs two files with C2PA; None leaves those two out.
        seed: pictures, generation seeds and bytes follow from it (signed files differ on every run).
        now: the files are dated over the five weeks before it; default is the clock.

    Raises:
        ConflictError: the folder holds anything, or is a file.
        StorageError: a file could not be written.
    """
    if folder.exists() and (not folder.is_dir() or any(folder.iterdir())):
        raise ConflictError(
            f"{folder} is not an empty folder; the demo drive would mix with what is there.",
            next_step="Name a new or empty folder.",
        )
    desk = _Desk(folder, seed, now or datetime.now(UTC))
    _from_web_uis(desk)
    _from_other_tools(desk)
    _from_comfyui(desk)
    _edits(desk)
    _deliveries(desk)
    if signer is not None:
        _signed(desk, signer)
    _sounds(desk)
    _cut(desk)
    _leftovers(desk)
    return tuple(desk.files)


def _from_web_uis(desk: _Desk) -> None:
    """A1111, Forge and SD.Next, in PNG text and in JPEG UserComment."""
    text = recipes.plain(recipes.HARBOUR, desk.number(1), _WIDE)
    data = carriers.png(desk.paint("harbour_dawn", _WIDE), {"parameters": text})
    desk.write(_HARBOUR, data, "AUTOMATIC1111 PNG: text-to-image", hours_ago=820)
    text = recipes.with_hires_and_lora(recipes.WAREHOUSE, desk.number(2), _WIDE)
    data = carriers.png(desk.paint("warehouse", _WIDE), {"parameters": text})
    desk.write(_MASTER, data, "AUTOMATIC1111 PNG: hires pass, LoRA, hashes; the first link of a chain", hours_ago=806)
    text = recipes.plain(recipes.NEON_RAIN, desk.number(3), _TALL)
    data = carriers.jpeg(desk.paint("neon_rain", _TALL), exif=carriers.user_comment(text))
    desk.write(_NEON, data, "AUTOMATIC1111 JPEG: EXIF UserComment, UTF-16 big-endian", hours_ago=760)
    size = (896, 1152)
    text = recipes.forge_flux(recipes.MARA, desk.number(4), size)
    data = carriers.png(desk.paint("mara_portrait", size), {"parameters": text})
    desk.write("01_generated/mara_voss_portrait_v002.png", data, "Forge PNG: FLUX, distilled CFG", hours_ago=700)
    size = (832, 1040)
    text = recipes.plain(recipes.CAPTAIN, desk.number(5), size)
    data = carriers.png(desk.paint("captain_portrait", size), {"parameters": text})
    desk.write("01_generated/captain_ilse_brandt_v001.png", data, "AUTOMATIC1111 PNG: second character", hours_ago=690)
    text = recipes.sdnext(recipes.TRAIN, desk.number(6), _SQUARE)
    data = carriers.jpeg(desk.paint("night_train", _SQUARE), exif=carriers.user_comment(text))
    desk.write("01_generated/sc030_sh010_night_train_v001.jpg", data, "SD.Next JPEG", hours_ago=655)
    text = recipes.plain(recipes.INK, desk.number(7), _SQUARE, negative=recipes.INK_NEGATIVE)
    data = carriers.png(desk.paint("ink_mountains", _SQUARE), {"parameters": text})
    desk.write("01_generated/moodboard_山水_v001.png", data, "Chinese prompt and file name (iTXt)", hours_ago=640)


def _from_other_tools(desk: _Desk) -> None:
    """InvokeAI old and new, Midjourney, and a camera among them."""
    texts = recipes.invoke_texts(recipes.FOREST, desk.number(8), _SQUARE)
    data = carriers.png(desk.paint("forest_light", _SQUARE), texts)
    name = "01_generated/invoke/3f0c9a52-71d4-4c1e-9a0b-6de2b8f4a017.png"
    desk.write(name, data, "InvokeAI 5: metadata and graph", hours_ago=610)
    text = recipes.dream(recipes.LIGHTHOUSE, desk.number(9))
    data = carriers.png(desk.paint("lighthouse_storm", (512, 512)), {"Dream": text})
    desk.write(f"01_generated/invoke/000034.{desk.number(9)}.png", data, "InvokeAI 2: Dream line", hours_ago=830)
    job = "7c1d6a0e-52f3-4b8e-8f67-90b1f0a4e2d5"
    texts = carriers.midjourney_texts(recipes.DINER, job, "studio_headwater", desk.ago(590))
    data = carriers.png(desk.paint("diner_midnight", (1344, 896)), texts)
    name = f"01_generated/midjourney/studio_headwater_a_lonely_diner_at_midnight_{job}.png"
    desk.write(name, data, "Midjourney PNG: Description, Author, XMP in tEXt", hours_ago=590)
    exif = carriers.camera_exif(desk.ago(845), "FUJIFILM", "X-T5", "XF18-55mmF2.8-4 R LM OIS")
    data = carriers.jpeg(desk.paint("pier", (1200, 800)), quality=94, exif=exif)
    desk.write("00_reference/DSCF2041.JPG", data, "camera EXIF and no sign of AI: the control", hours_ago=845)


def _from_comfyui(desk: _Desk) -> None:
    """Inputs and outputs: a chain of three, a depth map, FLUX, WebP and a video."""
    name = Path(_MASTER).name
    desk.write(
        f"02_comfyui/input/{name}", desk.read(_MASTER), "byte copy of the A1111 file, used as input", hours_ago=560
    )
    data = carriers.png(desk.paint("warehouse_depth", _WIDE))
    desk.write("02_comfyui/input/warehouse_depth.png", data, "depth map, no metadata", hours_ago=548)
    graph = workflows.img2img(recipes.DUSK, desk.number(10), name, "mara_warehouse_dusk")
    data = carriers.png(desk.paint("warehouse_dusk", _WIDE), comfy.texts(graph))
    desk.write(_DUSK, data, "ComfyUI img2img: LoadImage names the copied A1111 file", hours_ago=540)
    graph = workflows.controlnet(recipes.OVERGROWN, desk.number(11), "warehouse_depth.png", "warehouse_overgrown")
    data = carriers.png(desk.paint("warehouse_overgrown", _WIDE), comfy.texts(graph))
    desk.write("02_comfyui/output/warehouse_overgrown_00004_.png", data, "ComfyUI with ControlNet depth", hours_ago=522)
    graph = workflows.txt2img(recipes.CITY, desk.number(12), _WIDE, workflows.save_image("city_night"))
    data = carriers.png(desk.paint("city_night", _WIDE), comfy.texts(graph))
    desk.write("02_comfyui/output/city_night_00001_.png", data, "ComfyUI text-to-image with a LoRA", hours_ago=480)
    graph = workflows.flux(recipes.CABIN, desk.number(13), "flux_aurora_cabin")
    data = carriers.png(desk.paint("aurora_cabin", _SQUARE), comfy.texts(graph))
    desk.write(
        "02_comfyui/output/flux_aurora_cabin_00002_.png",
        data,
        "ComfyUI FLUX: seed, steps, sampler in four nodes",
        hours_ago=430,
    )
    size = (1024, 768)
    graph = workflows.txt2img(recipes.NEBULA, desk.number(14), size, workflows.save_webp("dream_nebula"))
    data = carriers.comfy_webp(desk.paint("nebula", size), comfy.texts(graph))
    desk.write(
        "02_comfyui/output/dream_nebula_00001_.webp", data, "ComfyUI WebP: graphs in EXIF Model and Make", hours_ago=410
    )
    graph = workflows.image_to_video(
        recipes.PAN, desk.number(15), f"{Path(_DUSK).name} [output]", "video/mara_warehouse_pan"
    )
    data = sound_and_video.mp4(desk.paint("warehouse_dusk", _WIDE), comfy.texts(graph))
    desk.write(_VIDEO, data, "ComfyUI MP4: image-to-video from the img2img result; end of the chain", hours_ago=330)


def _edits(desk: _Desk) -> None:
    """What a retoucher and a matte painter leave."""
    name = Path(_MASTER).name
    xmp = carriers.photoshop_xmp(_document(1), _document(0), name, desk.ago(300))
    data = carriers.jpeg(pictures.retouch(desk.paint("warehouse", _WIDE)), quality=93, xmp=xmp)
    desk.write(_COMP, data, "retouched and cropped in an editor: XMP DerivedFrom names the source", hours_ago=300)
    data = carriers.png(pictures.cutout(desk.paint("mara_portrait", (896, 1152))))
    desk.write("03_edit/mara_voss_cutout.png", data, "RGBA cut-out of the portrait", hours_ago=290)
    data = carriers.png16(pictures.sky_plate(desk.seed, 768, 512))
    desk.write("03_edit/desert_plate_16bit.png", data, "16 bits per channel", hours_ago=284)


def _document(number: int) -> str:
    """A document id of the kind Photoshop gives (without its prefix)."""
    return f"{0x5D1C0A40 + number:08x}-9b1e-4f42-a6d0-2c71e8b3f95a"


def _deliveries(desk: _Desk) -> None:
    """What left the house: a labelled master, a stripped web copy, a duplicate."""
    xmp = carriers.iptc_xmp(_document(2), _document(1), recipes.WAREHOUSE, "Lena Okafor")
    graded = pictures.retouch(desk.paint("warehouse", _WIDE))
    data = carriers.jpeg(graded, quality=95, xmp=xmp)
    desk.write(
        "04_delivery/mara_warehouse_master.jpg", data, "IPTC 2025.1 AI properties, derived from the edit", hours_ago=190
    )
    data = carriers.jpeg(pictures.reduce(desk.paint("harbour_dawn", _WIDE), 0.75), quality=80)
    desk.write(
        "04_delivery/web/harbour_web.jpg", data, "near-duplicate: saved again at 75 %, metadata gone", hours_ago=120
    )
    data = desk.read("01_generated/mara_voss_portrait_v002.png")
    desk.write("04_delivery/press/mara_voss.png", data, "exact duplicate under another name", hours_ago=118)


def _signed(desk: _Desk, signer: Signer) -> None:
    """Two signed files, the second made from the first."""
    art = desk.paint("mountain_lake", (1536, 1024))
    key_art = "04_delivery/signed/harbour_light_key_art.png"
    data = signer.sign_created(carriers.png(art), "image/png", title=Path(key_art).name, tool=_MAKER, tool_version="1")
    desk.write(key_art, data, "C2PA: signed as made by AI", hours_ago=96)
    sheet = carriers.jpeg(pictures.poster(art, "HARBOUR LIGHT", "THE BOAT LEAVES AT FIRST LIGHT"), quality=93)
    name = "04_delivery/signed/harbour_light_poster.jpg"
    used = [(desk.folder / key_art, "inputTo", "image/png")]
    data = signer.sign_created(
        sheet, "image/jpeg", title=Path(name).name, ingredients=used, tool=_MAKER, tool_version="1"
    )
    desk.write(name, data, "C2PA: has the key art as ingredient", hours_ago=94)


def _sounds(desk: _Desk) -> None:
    data = sound_and_video.wav(sound_and_video.harbour_ambience(desk.seed, 6.0))
    desk.write(_AMBIENCE, data, "WAV without metadata", hours_ago=260)
    graph = workflows.text_to_audio(recipes.LINE, desk.number(16), 3.0, "audio/line_012_mara")
    data = sound_and_video.mp3(sound_and_video.voice_line(desk.seed, 3.0), comfy.texts(graph))
    desk.write(_LINE, data, "ComfyUI MP3: graphs in ID3 TXXX", hours_ago=252)


def _cut(desk: _Desk) -> None:
    """Two timelines that use some of the files."""

    def shot(path: str, frames: int) -> timelines.Shot:
        return timelines.Shot(Path(path).name, f"../{path}", frames)

    shots = [shot(_HARBOUR, 96), shot(_COMP, 72), shot(_VIDEO, 60), shot(_NEON, 84)]
    text = timelines.edl("HARBOUR_LIGHT_SC010_V3", shots, "P:\\HARBOUR_LIGHT")
    desk.write("03_edit/harbour_light_sc010_v3.edl", text.encode("ascii"), "CMX3600 cut list", hours_ago=170)
    text = timelines.otio("harbour_light_sc010_v3", shots, [shot(_AMBIENCE, 144), shot(_LINE, 72)])
    desk.write(
        "03_edit/harbour_light_sc010_v3.otio",
        text.encode(),
        "the same cut as OpenTimelineIO, with sound",
        hours_ago=169,
    )


_NOTE = """Harbour Light - demo drive

Everything in this folder was generated by a program: pictures, sound, video and every name and prompt.
It is laid out like a small studio's drive, with some things wrong on purpose (99_inbox).
"""


def _leftovers(desk: _Desk) -> None:
    """What every real drive has too: broken, empty, half copied."""
    whole = desk.read(_HARBOUR)
    desk.write(
        "99_inbox/upload_cut_off.png",
        whole[: len(whole) * 2 // 5],
        "broken: PNG that ends inside its pixels",
        hours_ago=52,
    )
    desk.write("99_inbox/empty.png", b"", "0 bytes", hours_ago=50)
    part = desk.read(_VIDEO)[:24_000]
    desk.write("99_inbox/sc040_plate.mp4.part", part, "unfinished download; a watcher leaves it alone", hours_ago=2)
    desk.write("README.txt", _NOTE.encode(), "a note", hours_ago=48)
