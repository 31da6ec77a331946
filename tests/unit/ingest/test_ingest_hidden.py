"""A text in the pixels of a picture whose carriers are silent is found: in the hand, and when a drive is ingested."""

import pytest
from PIL import Image

from dam.ingest import hidden
from dam.ingest.inspection import inspect_file
from dam.media import pixels, stored
from dam.media.probe import probe
from tests.support import ledger, pictures
from tests.support.libraries import opened

SILENT = {
    "a1111": (pictures.a1111("a lighthouse", seed=4), b"stealth_pngcomp", "alpha"),
    "plain": (pictures.a1111("a lighthouse", seed=4), b"stealth_pnginfo", "alpha"),
    "colours": (pictures.a1111("a lighthouse", seed=4), b"stealth_rgbcomp", "rgb"),
    "novelai": (pictures.novelai("a lighthouse", seed=4), b"stealth_pngcomp", "alpha"),
}


def hiding(kind, seed=1, texts=None):
    text, signature, place = SILENT[kind]
    return pictures.png(pictures.hide(text, signature, place, pixels=pictures.painted(seed)), texts)


@pytest.mark.parametrize("kind", SILENT)
def test_inspecting_finds_the_hidden_text(tmp_path, kind):
    path = pictures.put(tmp_path, "a.png", hiding(kind))
    found = inspect_file(str(path), None, hidden_mp=10)
    made = found.generation
    assert (made.prompt, made.negative_prompt, made.seed) == ("a lighthouse", "blurry", 4)
    assert made.tool == {"novelai": "NovelAI"}.get(kind, "AUTOMATIC1111")
    assert [c.carrier for c in found.claims] == [f"stealth:{'rgb' if kind == 'colours' else 'alpha'}"]
    assert found.ai_generated is True
    assert inspect_file(str(path), None).generation is None  # only where it is asked for


def test_a_lossless_webp_is_looked_into_as_well(tmp_path):
    text, signature, place = SILENT["a1111"]
    picture = Image.fromarray(pictures.hide(text, signature, place, pixels=pictures.painted(2)))
    picture.save(tmp_path / "a.webp", lossless=True, exact=True)
    assert inspect_file(str(tmp_path / "a.webp"), None, hidden_mp=10).generation.prompt == "a lighthouse"


def test_a_lossy_webp_without_alpha_is_not_decoded(tmp_path, monkeypatch):
    Image.fromarray(pictures.painted(2)).save(tmp_path / "a.webp", quality=80)
    monkeypatch.setattr(stored, "corner", lambda *_, **__: pytest.fail("lossy colours keep no lowest bits"))
    assert inspect_file(str(tmp_path / "a.webp"), None, hidden_mp=10).generation is None


def test_a_text_that_spoke_already_is_not_doubted(tmp_path, monkeypatch):
    path = pictures.put(tmp_path, "a.png", hiding("novelai", texts={"parameters": pictures.a1111("said aloud")}))
    monkeypatch.setattr(hidden, "text_in_file", lambda *_, **__: pytest.fail("no reason to decode"))
    assert inspect_file(str(path), None, hidden_mp=10).generation.prompt == "said aloud"


def test_a_picture_beyond_the_limit_is_not_decoded(tmp_path):
    path = pictures.put(tmp_path, "a.png", hiding("a1111"))
    assert inspect_file(str(path), None, hidden_mp=0.01).generation is None


def test_a_damaged_picture_is_no_error(tmp_path):
    whole = hiding("a1111")
    for cut in (200, len(whole) // 2):
        path = pictures.put(tmp_path, "a.png", whole[:cut])
        assert inspect_file(str(path), None, hidden_mp=10).generation is None


def test_only_the_corner_of_a_silent_picture_is_looked_at(tmp_path, monkeypatch):
    path = str(pictures.put(tmp_path, "a.png", pictures.png(pictures.painted(3))))
    monkeypatch.setattr(stored, "samples", lambda *_, **__: pytest.fail("no signature, no decode"))
    assert inspect_file(path, None, hidden_mp=10).generation is None
    head = stored.corner(path, probe(path).media, 152, max_pixels_mp=10)
    assert head.shape == (152, 1, 3)


def test_a_flat_picture_gives_as_many_columns_as_the_signature_needs(tmp_path):
    text, signature, _ = SILENT["a1111"]
    flat = pictures.hide(text, signature, "alpha", pixels=pictures.painted(3, 900, 40))
    path = str(pictures.put(tmp_path, "a.png", pictures.png(flat)))
    assert stored.corner(path, probe(path).media, 152, max_pixels_mp=10).shape[:2] == (40, 4)
    assert inspect_file(path, None, hidden_mp=10).generation.seed == 4


@pytest.fixture
def drive(tmp_path):
    folder = tmp_path / "drive"
    pictures.put(folder, "hidden.png", hiding("novelai", 7))
    pictures.put(folder, "plain.png", pictures.png(pictures.painted(8)))
    return folder


def test_ingesting_finds_it_and_search_does_too(library, drive):
    with opened(library, protect="none") as service:
        service.roots.add(str(drive))
        service.passes.scan()
        (card,) = service.find.search("prompt:lighthouse tool:novelai ai:true").assets
        shown = service.find.detail(card.id)
        assert shown["generation"]["seed"] == 4
        assert [c["carrier"] for c in shown["claims"]] == ["stealth:alpha"]
        assert service.upkeep.reparse().changed == 0
    entries = [d for a, d in ledger.actions(library) if a == "asset.reparsed"]
    assert [d["because"] for d in entries] == ["hidden text"]


def test_the_policy_learns_of_it_in_time(library, drive):
    with opened(library, protect="ai") as service:
        service.roots.add(str(drive))
        service.passes.scan()
        stages = service.find.detail(service.find.id_of("hidden.png"))["stages"]
        assert {s["stage"]: s["state"] for s in stages} == {"pixels": "done", "protect": "done"}
        plain = service.find.detail(service.find.id_of("plain.png"))["stages"]
        assert {s["stage"]: s["state"] for s in plain} == {"pixels": "done", "protect": "skipped"}


def test_running_the_stage_again_adds_nothing(library, drive):
    with opened(library, protect="none") as service:
        service.roots.add(str(drive))
        service.passes.scan()
        before = ledger.contents(library), len(ledger.actions(library))
        for picture in (service.parts.settings.library / "vault" / "thumbs").rglob("*.jpg"):
            picture.unlink()
        assert service.upkeep.remake_thumbnails() == 2
        service.passes.finish()
        assert (ledger.contents(library), len(ledger.actions(library))) == before


def test_the_decode_of_ingest_serves_and_a_silent_picture_is_not_opened_again(tmp_path, monkeypatch):
    path = str(pictures.put(tmp_path, "a.png", pictures.png(pictures.painted(3))))
    media = probe(path).media
    monkeypatch.setattr(stored, "_opened", lambda *_: pytest.fail("decoded twice"))
    assert not hidden.seems_signed(pixels.decode(path, media, max_pixels_mp=10), media)
    signed = str(pictures.put(tmp_path, "b.png", hiding("a1111")))
    assert hidden.seems_signed(pixels.decode(signed, media, max_pixels_mp=10), media)
