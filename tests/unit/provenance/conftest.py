"""Real keys, real pictures, real signatures: made once a session, thrown away with the temporary folder."""

import hashlib
import io
from datetime import UTC, datetime
from pathlib import Path

import numpy as np
import pytest
from PIL import Image

from dam.provenance import compose, keys, signing, statement
from dam.provenance.trust import TrustStore
from tests.support.shared import FOLDER

MARK = statement.SoftBindingEntry(alg="org.headwater.tilemark.v1", value="00112233445566aa")
FORMATS = {"image/png": "PNG", "image/jpeg": "JPEG", "image/webp": "WEBP"}


@pytest.fixture(scope="session")
def shared():
    if not (FOLDER / "data" / "c2pa").is_dir():
        pytest.skip("needs ../shared/data (real files, not part of the project)")
    return FOLDER / "data"


@pytest.fixture(scope="session")
def ring(tmp_path_factory):
    return keys.create_chain(tmp_path_factory.mktemp("keys"), "Studio Mühle", now=datetime.now(UTC))


@pytest.fixture(scope="session")
def store(ring):
    return TrustStore.of(ring.root_pem)


@pytest.fixture(scope="session")
def picture():
    """picture(mime, seed) -> the bytes of a small noisy picture."""

    def make(mime="image/png", seed=0):
        pixels = np.random.default_rng(seed).integers(0, 255, (64, 96, 3), dtype=np.uint8)
        out = io.BytesIO()
        Image.fromarray(pixels).save(out, FORMATS[mime])
        return out.getvalue()

    return make


@pytest.fixture(scope="session")
def copy_statement():
    """copy_statement(original bytes) -> what we say of a marked copy of it."""

    def make(original, source_type=statement.SourceType.TRAINED_ALGORITHMIC_MEDIA, **more):
        facts = statement.AssetFacts(
            asset_id="0192f1aa", sha256=hashlib.sha256(original).hexdigest(), library_id="lib-1", mark_id=MARK.value
        )
        words = {
            "title": "copy",
            "original_title": "original",
            "asset": facts,
            "mark": MARK,
            "source_type": source_type,
        }
        return compose.protected_copy(**(words | more))

    return make


@pytest.fixture(scope="session")
def sign(ring, store, copy_statement):
    """sign(copy, mime, original path, original mime) -> SignedCopy."""

    def make(copy, mime, path, original_mime=None, **more):
        return signing.sign_copy(
            copy,
            mime,
            original_path=str(path),
            original_mime=original_mime or mime,
            statement=copy_statement(Path(path).read_bytes(), **more),
            ring=ring,
            store=store,
        )

    return make


@pytest.fixture(scope="session")
def signed_png(tmp_path_factory, picture, sign):
    original = tmp_path_factory.mktemp("original") / "original.png"
    original.write_bytes(picture(seed=1))
    return sign(picture(seed=2), "image/png", original)
