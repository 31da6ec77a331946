"""A real library with a small drive of generated pictures, and a way to ask its HTTP door without a socket."""

import asyncio
import contextlib
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from pathlib import Path

import cv2
import httpx
import numpy as np
import pytest
from PIL import Image, PngImagePlugin

import dam_migrations
from dam.service.library import Service, create_library, open_service
from dam.settings import Settings
from dam_api.app import create_app

HOSTILE_NAME = '"><img src=x onerror=alert(1)>.png'
HOSTILE_PATH = "<script>alert(1)</script>.png"  # a folder, too
HOSTILE_PROMPT = '"><img src=x onerror=alert(2)> {{7*7}} \u202eevil'


@dataclass(frozen=True)
class Door:
    """Asks an app as a browser's or a program's request would arrive."""

    app: object

    def __call__(self, method: str, url: str, **options) -> httpx.Response:
        async def ask() -> httpx.Response:
            transport = httpx.ASGITransport(app=self.app)
            async with httpx.AsyncClient(transport=transport, base_url="http://127.0.0.1:8340") as client:
                return await client.request(method, url, **options)

        return asyncio.run(ask())

    def get(self, url: str, **options) -> httpx.Response:
        return self("GET", url, **options)

    def post(self, url: str, **options) -> httpx.Response:
        return self("POST", url, **options)

    def browse(self, url: str, **options) -> httpx.Response:
        return self("GET", url, headers={"Accept": "text/html", **options.pop("headers", {})}, **options)


@dataclass(frozen=True)
class Studio:
    service: Service
    door: Door
    drive: Path

    def add(self, name: str, seed: int, **options) -> str:
        """Put one more picture on the drive, scan, and give its id."""
        save(self.drive / name, seed, **options)
        if not self.service.roots.list():
            self.service.roots.add(str(self.drive), name="renders")
        self.service.passes.scan()
        return self.id_of(name)

    def id_of(self, name: str) -> str:
        return next(a["id"] for a in self.door.get("/api/v1/assets?limit=100").json()["assets"] if a["title"] == name)


def picture(seed: int, width: int = 480, height: int = 360) -> Image.Image:
    noise = np.random.default_rng(seed).integers(0, 255, (12, 16, 3), dtype=np.uint8)
    return Image.fromarray(cv2.resize(noise, (width, height), interpolation=cv2.INTER_CUBIC))


def save(path: Path, seed: int, *, prompt: str | None = None, model: str = "fluxdev") -> None:
    info = PngImagePlugin.PngInfo()
    if prompt is not None:
        settings = (
            f"Steps: 20, Sampler: Euler a, CFG scale: 7, Seed: {seed}, Size: 320x240, Model: {model}, Version: v1.9.0"
        )
        info.add_itxt("parameters", f"{prompt}\nNegative prompt: blurry\n{settings}")
    picture(seed).save(path, pnginfo=info)


def fill(drive: Path) -> None:
    drive.mkdir()
    save(drive / "barn.png", 1, prompt="a red barn at dusk")
    save(drive / "lake.png", 2, prompt="a mountain lake", model="sdxl")
    save(drive / "pier.png", 3, prompt="an old pier")
    save(drive / "plain.png", 4)
    save(drive / HOSTILE_NAME, 5, prompt=HOSTILE_PROMPT)
    (drive / HOSTILE_PATH).parent.mkdir()
    save(drive / HOSTILE_PATH, 6)
    (drive / "notes.txt").write_text("buy more disks")
    (drive / "empty.png").touch()


def open_library(folder: Path, **changes) -> Iterator[Service]:
    settings = Settings(library=folder, settle_s=0, workers=2, person="Mara", **changes)
    dam_migrations.upgrade(settings.catalogue_path)
    create_library(settings)
    with open_service(settings) as service:
        yield service


@pytest.fixture(scope="session")
def studio(tmp_path_factory) -> Iterator[Studio]:
    folder = tmp_path_factory.mktemp("studio")
    fill(folder / "drive")
    for service in open_library(folder / "library"):
        service.roots.add(str(folder / "drive"), name="renders")
        service.passes.scan()
        yield Studio(service, Door(create_app(service)), folder / "drive")


@pytest.fixture
def fresh(tmp_path) -> Iterator[Studio]:
    """An empty library of its own, and an empty drive that it does not know."""
    (tmp_path / "drive").mkdir()
    for service in open_library(tmp_path / "library"):
        yield Studio(service, Door(create_app(service)), tmp_path / "drive")


@pytest.fixture(scope="session")
def hostile() -> dict[str, str]:
    return {"name": HOSTILE_NAME, "path": HOSTILE_PATH, "prompt": HOSTILE_PROMPT}


@pytest.fixture
def opened(tmp_path) -> Iterator[Callable[..., Door]]:
    """Makes the door of an empty library with these settings."""
    with contextlib.ExitStack() as stack:
        make = contextlib.contextmanager(open_library)
        yield lambda **changes: Door(create_app(stack.enter_context(make(tmp_path / "library", **changes))))


@pytest.fixture
def locked(opened) -> Door:
    """The door of an empty library with a token."""
    return opened(token="correct horse")
