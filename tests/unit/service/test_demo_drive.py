"""The demo drive: what is written, that it can be read by other people's libraries, and that nothing is overwritten."""

import hashlib
import io
import json
import shutil
import struct
import wave
import zlib
from datetime import UTC, datetime, timedelta
from pathlib import Path

import av
import numpy as np
import pytest
from PIL import Image

from dam.errors import ConflictError
from dam.service.demo import comfy, workflows
from dam.service.demo.drive import make_demo_drive
from dam.service.demo.pictures import PAINTERS, sky_plate
from tests.support.libraries import opened

NOW = datetime(2026, 3, 2, 12, tzinfo=UTC)
MASTER = "01_generated/sc010_sh020_mara_warehouse_v001.png"


@pytest.fixture(scope="module")
def drive(tmp_path_factory):
    folder = tmp_path_factory.mktemp("demo") / "drive"
    return folder, make_demo_drive(folder, signer=None, now=NOW)


class TaggingSigner:
    """Signs by appending a line, and remembers what it was asked."""

    def __init__(self):
        self.asked = []

    def sign_created(self, data, mime, *, title, tool, tool_version, ingredients=()):
        self.asked.append((mime, title, [(path.name, path.is_file(), *rest) for path, *rest in ingredients]))
        return data + b"signed"


def chunks(data):
    """PNG chunks as (type, contents), CRC checked."""
    at = 8
    while at < len(data):
        (size,) = struct.unpack_from(">I", data, at)
        kind, body = data[at + 4 : at + 8], data[at + 8 : at + 8 + size]
        assert struct.unpack_from(">I", data, at + 8 + size)[0] == zlib.crc32(kind + body)
        yield kind, body
        at += 12 + size


def text_of(path, key):
    with Image.open(path) as image:
        return image.info[key]


def test_every_written_file_is_listed_and_nothing_else_is_left(drive):
    folder, files = drive
    on_disk = {path for path in folder.rglob("*") if path.is_file()}
    assert on_disk == {file.path for file in files}
    assert len(files) == len(on_disk) >= 30
    assert all(file.what for file in files)


def test_the_drive_stays_under_forty_megabytes(drive):
    folder, _ = drive
    assert 10_000_000 < sum(path.stat().st_size for path in folder.rglob("*") if path.is_file()) < 40_000_000


def test_a_folder_that_holds_anything_is_refused_and_left_alone(tmp_path):
    (tmp_path / "mine.txt").write_text("mine")
    with pytest.raises(ConflictError) as refusal:
        make_demo_drive(tmp_path, signer=None)
    assert refusal.value.next_step
    assert [path.name for path in tmp_path.iterdir()] == ["mine.txt"]


def test_a_file_in_place_of_the_folder_is_refused(tmp_path):
    target = tmp_path / "drive"
    target.write_text("a file")
    with pytest.raises(ConflictError):
        make_demo_drive(target, signer=None)
    assert target.read_text() == "a file"


@pytest.mark.slow
def test_the_same_seed_gives_the_same_bytes_and_another_seed_does_not(drive, tmp_path):
    folder, files = drive
    again = make_demo_drive(tmp_path / "again", signer=None, now=NOW)
    other = make_demo_drive(tmp_path / "other", signer=None, seed=8, now=NOW)

    def digest(root, path):
        return str(path.relative_to(root)), hashlib.sha256(path.read_bytes()).hexdigest()

    first = [digest(folder, file.path) for file in files]
    assert first == [digest(tmp_path / "again", file.path) for file in again]
    same = set(first) & {digest(tmp_path / "other", file.path) for file in other}
    assert {Path(name).name for name, _ in same} <= {
        "README.txt",
        "empty.png",
        "harbour_light_sc010_v3.edl",
        "harbour_light_sc010_v3.otio",
    }


def test_file_times_lie_in_the_weeks_before_now_and_parents_are_older(drive):
    folder, files = drive
    times = {str(f.path.relative_to(folder)): datetime.fromtimestamp(f.path.stat().st_mtime, UTC) for f in files}
    assert all(NOW - timedelta(weeks=6) < moment < NOW for moment in times.values())
    chain = [
        MASTER,
        f"02_comfyui/input/{Path(MASTER).name}",
        "02_comfyui/output/mara_warehouse_dusk_00001_.png",
        "02_comfyui/output/video/mara_warehouse_pan_00001_.mp4",
    ]
    assert [times[name] for name in chain] == sorted(times[name] for name in chain)


def test_automatic1111_png_carries_parameters_with_a_settings_line_last(drive):
    folder, _ = drive
    prompt, negative, settings = text_of(folder / MASTER, "parameters").split("\n")
    assert "Mara Voss" in prompt
    assert "warehouse" in prompt
    assert negative.startswith("Negative prompt: ")
    assert settings.startswith("Steps: 28, Sampler: DPM++ 2M SDE, Schedule type: Karras, CFG scale: 6, Seed: ")
    assert 'Lora hashes: "mara_voss_v3: ' in settings


def test_automatic1111_jpeg_carries_big_endian_unicode_user_comment(drive):
    folder, _ = drive
    with Image.open(folder / "01_generated/sc020_sh010_neon_rain_v003.jpg") as image:
        comment = image.getexif().get_ifd(0x8769)[0x9286]
        assert image.info["exif"][:10] == b"Exif\0\0MM\0*"
    assert comment[:8] == b"UNICODE\0"
    assert comment[8:].decode("utf-16-be").startswith("neon rain, ")


def test_chinese_prompt_goes_to_itxt_because_latin1_cannot_hold_it(drive):
    folder, _ = drive
    (path,) = folder.glob("01_generated/moodboard_*.png")
    kinds = {kind for kind, body in chunks(path.read_bytes()) if body.startswith(b"parameters\0")}
    assert kinds == {b"iTXt"}
    assert text_of(path, "parameters").startswith("水墨山水画")


def test_midjourney_xmp_stands_in_text_not_itxt(drive):
    folder, _ = drive
    (path,) = folder.glob("01_generated/midjourney/*.png")
    texts = {body.split(b"\0")[0]: kind for kind, body in chunks(path.read_bytes()) if kind in (b"tEXt", b"iTXt")}
    assert texts == dict.fromkeys((b"Creation Time", b"Author", b"Description", b"XML:com.adobe.xmp"), b"tEXt")
    assert " Job ID: 7c1d6a0e-" in text_of(path, "Description")


def test_comfyui_img2img_names_an_input_that_is_the_a1111_file(drive):
    folder, _ = drive
    graph = json.loads(text_of(folder / "02_comfyui/output/mara_warehouse_dusk_00001_.png", "prompt"))
    (name,) = (node["inputs"]["image"] for node in graph.values() if node["class_type"] == "LoadImage")
    assert (folder / "02_comfyui/input" / name).read_bytes() == (folder / MASTER).read_bytes()


@pytest.mark.parametrize(
    "path", ["warehouse_overgrown_00004_.png", "city_night_00001_.png", "flux_aurora_cabin_00002_.png"]
)
def test_every_link_of_the_workflow_joins_sockets_that_exist(drive, path):
    folder, _ = drive
    workflow = json.loads(text_of(folder / "02_comfyui/output" / path, "workflow"))
    nodes = {node["id"]: node for node in workflow["nodes"]}
    for number, source, slot, target, socket, kind in workflow["links"]:
        assert nodes[source]["outputs"][slot]["type"] == kind
        assert number in nodes[source]["outputs"][slot]["links"]
        assert nodes[target]["inputs"][socket]["link"] == number
        assert nodes[source]["order"] < nodes[target]["order"]


def test_workflow_widgets_follow_the_ui_with_the_seed_control(drive):
    graph = workflows.txt2img("a prompt", 5, (64, 32), workflows.save_image("x"))
    nodes = {node["type"]: node for node in json.loads(comfy.texts(graph)["workflow"])["nodes"]}
    assert nodes["KSampler"]["widgets_values"] == [5, "randomize", 30, 6.5, "dpmpp_2m", "karras", 1.0]
    assert nodes["EmptyLatentImage"]["widgets_values"] == [64, 32, 1]


def test_comfyui_webp_keeps_both_graphs_in_model_and_make(drive):
    folder, _ = drive
    with Image.open(folder / "02_comfyui/output/dream_nebula_00001_.webp") as image:
        exif = image.getexif()
    assert json.loads(exif[0x0110].removeprefix("prompt:"))["3"]["class_type"] == "KSampler"
    assert json.loads(exif[0x010F].removeprefix("workflow:"))["version"] == 0.4


def test_video_has_frames_that_move_and_both_graphs(drive):
    folder, _ = drive
    with av.open(str(folder / "02_comfyui/output/video/mara_warehouse_pan_00001_.mp4")) as video:
        graph = json.loads(video.metadata["prompt"])
        assert json.loads(video.metadata["workflow"])["nodes"]
        frames = [frame.to_ndarray(format="gray") for frame in video.decode(video=0)]
    assert graph["52"]["inputs"]["image"] == "mara_warehouse_dusk_00001_.png [output]"
    assert len(frames) == 40
    assert frames[0].shape == (288, 512)
    assert np.abs(frames[0].astype(int) - frames[-1]).mean() > 10


def test_mp3_has_sound_and_a_prompt_in_id3(drive):
    folder, _ = drive
    with av.open(str(folder / "05_sound/line_012_mara_00001_.mp3")) as audio:
        assert "calm woman's voice" in json.loads(audio.metadata["prompt"])["6"]["inputs"]["text"]
        samples = np.concatenate([frame.to_ndarray().ravel() for frame in audio.decode(audio=0)])
    assert samples.size / 44_100 == pytest.approx(3.0, abs=0.1)
    assert np.abs(samples).max() > 0.2


def test_wav_is_sixteen_bit_and_not_silent(drive):
    folder, _ = drive
    with wave.open(str(folder / "05_sound/harbour_dawn_ambience.wav")) as file:
        assert (file.getsampwidth(), file.getframerate(), file.getnframes()) == (2, 44_100, 264_600)
        assert np.frombuffer(file.readframes(264_600), "<i2").std() > 500


def test_edit_and_master_are_joined_by_document_ids(drive):
    folder, _ = drive
    with Image.open(folder / "03_edit/sc010_sh020_mara_warehouse_comp_v002.jpg") as image:
        edit = image.info["xmp"].decode()
        assert image.size < (1216, 832)
    with Image.open(folder / "04_delivery/mara_warehouse_master.jpg") as image:
        master = image.info["xmp"].decode()
    document = edit.split('xmpMM:DocumentID="')[1].split('"')[0]
    assert f'stRef:documentID="{document}"' in master
    assert f'stRef:filePath="{Path(MASTER).name}"' in edit
    assert "Iptc4xmpExt:AIPromptInformation" in master


def test_camera_photo_names_a_camera_and_no_tool(drive):
    folder, _ = drive
    path = folder / "00_reference/DSCF2041.JPG"
    with Image.open(path) as image:
        exif = image.getexif()
        assert (exif[0x010F], exif[0x0110]) == ("FUJIFILM", "X-T5")
        assert exif.get_ifd(0x8769)[0x9003].startswith("2026:01")
    assert b"Steps:" not in path.read_bytes()


def test_duplicate_near_duplicate_cutout_and_deep_plate_are_what_they_claim(drive):
    folder, _ = drive
    portrait = folder / "01_generated/mara_voss_portrait_v002.png"
    assert (folder / "04_delivery/press/mara_voss.png").read_bytes() == portrait.read_bytes()
    with Image.open(folder / "04_delivery/web/harbour_web.jpg") as image:
        assert image.size == (912, 624)
        assert not image.getexif()
    with Image.open(folder / "03_edit/mara_voss_cutout.png") as image:
        assert image.mode == "RGBA"
        assert image.getchannel("A").getextrema() == (0, 255)
    header = (folder / "03_edit/desert_plate_16bit.png").read_bytes()[16:26]
    assert struct.unpack(">IIBB", header) == (768, 512, 16, 2)


def test_timelines_name_files_of_the_drive(drive):
    folder, _ = drive
    timeline = json.loads((folder / "03_edit/harbour_light_sc010_v3.otio").read_text())
    clips = [clip for track in timeline["tracks"]["children"] for clip in track["children"]]
    assert len(clips) == 6
    assert all(
        (folder / "03_edit" / clip["media_references"]["DEFAULT_MEDIA"]["target_url"]).is_file() for clip in clips
    )
    edl = (folder / "03_edit/harbour_light_sc010_v3.edl").read_text()
    for line in edl.splitlines():
        if line.startswith("* FROM CLIP NAME: "):
            assert list(folder.rglob(line.removeprefix("* FROM CLIP NAME: ")))
    assert edl.count("* FROM FILE: P:\\HARBOUR_LIGHT\\") == 4


def test_the_timelines_clips_lead_to_the_demos_files(drive, library, tmp_path):
    folder, _ = drive
    cuts = {"harbour_light_sc010_v3.edl": 4, "harbour_light_sc010_v3.otio": 6}
    timeline = json.loads((folder / "03_edit/harbour_light_sc010_v3.otio").read_text())
    used = {clip["name"] for track in timeline["tracks"]["children"] for clip in track["children"]}
    for path in folder.rglob("*"):  # the rest takes long and is not asked for
        if path.name in {*cuts, *used}:
            copy = tmp_path / "show" / path.relative_to(folder)
            copy.parent.mkdir(parents=True, exist_ok=True)
            shutil.copy2(path, copy)
    with opened(library, protect="none") as service:
        service.roots.add(str(tmp_path / "show"), name="show")
        service.passes.scan()
        for name, count in cuts.items():
            clips = service.find.detail(name)["timeline"]["clips"]
            assert len(clips) == count
            for clip in clips:
                assert [(m["title"], m["evidence"]) for m in clip["matches"]] == [(clip["name"], "clip_path")]


def test_bad_files_are_bad(drive):
    folder, _ = drive
    cut = (folder / "99_inbox/upload_cut_off.png").read_bytes()
    assert cut.startswith(b"\x89PNG")
    assert b"IEND" not in cut
    with Image.open(io.BytesIO(cut)) as image, pytest.raises(OSError, match="truncated"):
        image.load()
    assert (folder / "99_inbox/empty.png").stat().st_size == 0
    assert (folder / "99_inbox/sc040_plate.mp4.part").stat().st_size > 0


def test_the_second_signed_file_has_the_first_as_an_existing_ingredient(tmp_path):
    signer = TaggingSigner()
    files = make_demo_drive(tmp_path / "signed", signer=signer, now=NOW)
    assert signer.asked == [
        ("image/png", "harbour_light_key_art.png", []),
        ("image/jpeg", "harbour_light_poster.jpg", [("harbour_light_key_art.png", True, "inputTo", "image/png")]),
    ]
    signed = [file.path for file in files if "signed" in file.path.relative_to(tmp_path / "signed").parts]
    assert len(signed) == 2
    assert all(path.read_bytes().endswith(b"signed") for path in signed)


@pytest.mark.parametrize("name", sorted(PAINTERS))
def test_a_painter_fills_any_size_with_structure(name):
    picture = PAINTERS[name](3, 300, 212)
    assert picture.shape == (212, 300, 3)
    assert picture.dtype == np.uint8
    assert picture.std() > 15
    assert np.unique(picture).size > 100
    assert np.array_equal(picture, PAINTERS[name](3, 300, 212))
    assert not np.array_equal(picture, PAINTERS[name](4, 300, 212))


def test_the_sky_plate_uses_more_than_eight_bits():
    assert np.unique(sky_plate(7, 96, 64)).size > 2_000
