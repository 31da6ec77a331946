"""The C2PA Soft Binding Resolution API: a stripped, cropped, saved-again copy leads back to its manifest."""

import base64
import io
import json
import os
import urllib.parse
from pathlib import Path

import numpy as np
import pytest
from PIL import Image

from dam.provenance import sdk, stores
from dam.watermark.engines import tilemark
from tests.support import pictures
from tests.support.libraries import copy_of, dam
from tests.support.serving import serving

SHARED = Path(os.environ.get("DAM_SHARED", Path(__file__).parents[3] / "shared"))
MARK = tilemark.PLUGIN.alg


@pytest.fixture(scope="module")
def delivered(template_library, tmp_path_factory):
    """(library, folder of the originals, name → exported copy): a PNG, a JPEG and a WebP of different pictures."""
    folder = tmp_path_factory.mktemp("delivered")
    library, drive = copy_of(template_library, folder / "library"), folder / "drive"
    drive.mkdir()
    names = ("shot.png", "still.jpg", "frame.webp")
    for number, name in enumerate(names):
        Image.fromarray(pictures.painted(30 + number, width=800, height=600)).save(drive / name, quality=95)
    assert dam(library, "scan", str(drive)).code == 0
    assert dam(library, "protect", *names).code == 0
    told = dam(library, "export", *names, "--to", str(folder / "out"), "--json")
    assert told.code == 0, told.err
    return library, drive, {name: next((folder / "out").glob(f"{Path(name).stem}.*")) for name in names}


def stripped(path):
    """Without any metadata, saved again as JPEG 80, a fifth of each side cut off."""
    with Image.open(path) as picture:
        pixels = np.asarray(picture.convert("RGB"))
    height, width = pixels.shape[:2]
    out = io.BytesIO()
    Image.fromarray(pixels[height // 10 : height * 9 // 10, width // 10 : width * 9 // 10]).save(
        out, "JPEG", quality=80
    )
    return out.getvalue()


def test_a_stripped_copy_of_every_format_leads_to_its_manifest_and_the_manifest_can_be_had(delivered, tmp_path):
    library, _, copies = delivered
    with serving(library, tmp_path, "serve") as served:
        _, known = served.ask("/services/supportedAlgorithms")
        assert {"alg": MARK} in known["watermarks"]
        assert len(known["fingerprints"]) == 3
        assert {"alg": "io.iscc.v0"} in known["fingerprints"]
        for name, copy in copies.items():
            label = dam(library, "inspect", "--json", str(copy)).json["credentials"]["label"]
            status, found = served.ask("/matches/byContent?maxResults=3", data=stripped(copy), method="POST")
            assert (status, found["matches"][0]) == (200, {"manifestId": label, "similarityScore": 100}), name
            status, by_mark = served.ask(f"/matches/byContent?alg={MARK}", data=stripped(copy), method="POST")
            assert by_mark["matches"][0]["manifestId"] == label
            for query in ("", "?returnActiveManifest=true"):
                store = served.read(f"/manifests/{urllib.parse.quote(label, safe='')}{query}")
                assert list(stores.signatures(store)) == [label]
                read = sdk.read_store(io.BytesIO(store), "application/c2pa", ())
                assert read["active_manifest"] == label


def test_a_binding_leads_to_the_manifest_by_value_in_either_form(delivered, tmp_path):
    library, _, copies = delivered
    detail = dam(library, "show", "shot.png", "--json").json
    codes = {one["engine"]: one["code"] for one in detail["fingerprints"]}
    verdict = dam(library, "verify", "--json", str(copies["shot.png"])).json
    label, mark_id = verdict["credentials"]["label"], verdict["mark"]["mark_id"]
    with serving(library, tmp_path, "serve") as served:
        _, known = served.ask("/services/supportedAlgorithms")
        asked = [(MARK, mark_id)] + [
            (one["alg"], codes[next(engine for engine in codes if engine.replace("/", ".") in one["alg"])])
            for one in known["fingerprints"]
            if one["alg"].startswith("org.headwater.")
        ]
        (iscc,) = [one["value"] for one in verdict["credentials"]["soft_bindings"] if one["alg"] == "io.iscc.v0"]
        asked.append(("io.iscc.v0", iscc))
        for alg, value in asked:
            for form in (value, base64.b64encode(value.encode()).decode()):
                _, got = served.ask(f"/matches/byBinding?alg={alg}&value={urllib.parse.quote(form)}")
                body = json.dumps({"alg": alg, "value": form}).encode()
                _, posted = served.ask(
                    "/matches/byBinding", data=body, method="POST", headers={"Content-Type": "application/json"}
                )
                assert got == posted
                assert got["matches"][0] == {"manifestId": label, "similarityScore": 100}
        assert served.ask(f"/matches/byBinding?alg={MARK}&value={'0' * 16}")[1] == {"matches": []}


def test_refusals_say_why(delivered, tmp_path):
    library, _, _ = delivered
    with serving(library, tmp_path, "serve", DAM_RESOLUTION_PER_MINUTE="7") as served:
        for path, status, code in (
            ("/matches/byBinding?alg=com.example.other&value=AAAA", 400, "binding.algorithm"),
            (f"/matches/byBinding?alg={MARK}&value=zz", 400, "binding.value"),
            (f"/matches/byBinding?alg={MARK}&value=%C3%A9%C3%A9", 400, "binding.value"),
            ("/matches/byBinding?alg=x", 422, "request.invalid"),
            ("/manifests/urn:c2pa:nobody", 404, "manifest.not_found"),
            ("/manifests/..%2F..%2Fkeys%2Fmark.key", 404, "manifest.not_found"),
        ):
            got, problem = served.ask(path)
            assert (got, problem["code"]) == (status, code), path
        got, problem = served.ask(
            "/matches/byContent", data=b"x", method="POST", headers={"Content-Type": "multipart/form-data"}
        )
        assert (got, problem["code"]) == (415, "request.media_type")
        assert served.ask("/services/supportedAlgorithms")[1]["code"] == "request.too_many"


def test_a_strangers_picture_and_a_lifted_mark_lead_nowhere(delivered, tmp_path):
    library, drive, copies = delivered
    with serving(library, tmp_path, "serve") as served:
        stranger = pictures.jpeg(pictures.painted(99, width=800, height=600))
        assert served.ask("/matches/byContent", data=stranger, method="POST")[1] == {"matches": []}
        with Image.open(copies["shot.png"]) as marked, Image.open(drive / "shot.png") as plain:
            delta = np.asarray(marked.convert("RGB"), np.int16) - np.asarray(plain.convert("RGB"), np.int16)
        forged = np.clip(pictures.painted(98, width=800, height=600).astype(np.int16) + delta, 0, 255)
        body = pictures.png(forged.astype(np.uint8))
        assert served.ask("/matches/byContent", data=body, method="POST")[1] == {"matches": []}


@pytest.mark.skipif(not SHARED.is_dir(), reason="the standard's OpenAPI file is not at hand")
def test_every_operation_of_the_standard_is_there_with_its_parameters(library, tmp_path):
    wanted = json.loads((SHARED / "data/soft-binding/c2pa-soft-binding-openapi.json").read_text())["paths"]
    with serving(library, tmp_path, "serve") as served:
        _, ours = served.ask("/api/openapi.json")
    assert len(wanted) == 4
    for path, operations in wanted.items():
        for method, operation in operations.items():
            mine = ours["paths"][path][method]
            names = {(p["name"], p["in"], p.get("required", False)) for p in operation.get("parameters", [])}
            assert names == {(p["name"], p["in"], p.get("required", False)) for p in mine.get("parameters", [])} - {
                ("name", "query", False)
            }, path
