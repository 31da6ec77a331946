"""Copies with TrustMark instead of our own mark: bound, found again, and waiting where the weights are missing."""

import base64
import io

import cv2
import numpy as np
import pytest
from PIL import Image

from tests.support import pictures
from tests.support.libraries import copy_of, opened
from tests.support.networks import write_pair

ALG = "com.adobe.trustmark.Q"


@pytest.fixture
def drive(tmp_path):
    folder = tmp_path / "drive"
    folder.mkdir()
    for seed in (1, 2):
        coarse = np.random.default_rng(seed).integers(0, 256, (8, 10, 3), dtype=np.uint8)
        smooth = cv2.resize(coarse, (640, 512), interpolation=cv2.INTER_CUBIC)  # so that the tiny network reads it
        (folder / f"p{seed}.png").write_bytes(pictures.png(smooth))
    return folder


@pytest.fixture
def weights(tmp_path):
    folder = tmp_path / "weights"
    one, other = write_pair(folder)
    return {"trustmark_weights": folder, "trustmark_sha256": f"{one},{other}", "mark_engine": "trustmark"}


def test_a_stripped_copy_leads_back_by_its_mark(template_library, drive, weights, tmp_path):
    library = copy_of(template_library, tmp_path / "library")
    with opened(library, protect="all", **weights) as service:
        service.roots.add(str(drive))
        service.passes.scan()
        path, _, _ = service.find.copy_of("p1.png")
        bound = {one.alg: one.value for one in service.answers.verify(path).credentials.soft_bindings}
        assert bound[ALG].startswith("1*")
        assert len(bound[ALG]) == 2 + 61
        assert service.answers.verify(path).mark.engine == "trustmark"
        assert service.answers.verify(path).authentic

        small = tmp_path / "found.jpg"
        with Image.open(path) as opened_copy:
            opened_copy.convert("RGB").resize((480, 384)).save(small, quality=80)
        found = service.answers.identify(str(small))
        assert (found.asset.title, found.found_by) == ("p1.png", "mark")
        assert not found.conflicts
        assert ALG in service.bindings.algorithms().watermarks
        label = service.answers.verify(path).credentials.label
        for value in (bound[ALG], base64.b64encode(bound[ALG].encode()).decode()):
            assert service.bindings.by_value(ALG, value)[0].manifest_id == label
        assert next(c for c in service.upkeep.doctor() if c.name == "plugins").status == "ok"


def test_without_its_weights_copies_wait_and_nothing_is_lost(template_library, drive, weights, tmp_path):
    library = copy_of(template_library, tmp_path / "library")
    missing = weights | {"trustmark_weights": tmp_path / "nowhere"}
    with opened(library, protect="all", **missing) as service:
        service.roots.add(str(drive))
        service.passes.scan()
        assert not service.find.detail("p1.png")["copies"]
        check = next(c for c in service.upkeep.doctor() if c.name == "plugins")
        assert check.status == "warn"
        assert "encoder_Q.onnx is not in" in check.message
    with opened(library, protect="all") as service:
        assert ALG not in service.bindings.algorithms().watermarks
        with service.parts.catalogue.reader() as reader:
            waiting = reader.waiting_outside()
        assert [(one["code"], one["n"]) for one in waiting] == [("mark.unavailable", 2)]
        assert "mark engine trustmark" in waiting[0]["message"]


def test_an_id_that_is_taken_is_not_given_twice(template_library, drive, weights, tmp_path, monkeypatch):
    """Of 40 bits two contents may draw the same: the second takes the next one."""
    from dam.ingest import protect

    drawn = protect.mark_id_of
    monkeypatch.setattr(
        protect, "mark_id_of", lambda s, h, *, bits=64, attempt=0: 7 if attempt == 0 else drawn(s, h, bits=bits)
    )
    library = copy_of(template_library, tmp_path / "library")
    with opened(library, protect="all", workers=1, **weights) as service:
        service.roots.add(str(drive))
        service.passes.scan()
        marks = [service.find.detail(name)["copies"][0]["mark_id"] for name in ("p1.png", "p2.png")]
        assert len(set(marks)) == 2
        assert f"{7:016x}" in marks
        for name in ("p1.png", "p2.png"):
            path, _, _ = service.find.copy_of(name)
            out = io.BytesIO()
            with Image.open(path) as opened_copy:
                opened_copy.convert("RGB").save(out, "JPEG", quality=90)
            (tmp_path / "x.jpg").write_bytes(out.getvalue())
            assert service.answers.identify(str(tmp_path / "x.jpg")).asset.title == name
