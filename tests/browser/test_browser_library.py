"""The web UI in a real Chromium: find, filter, decide; and a hostile drive that stays text."""

import shutil
import socket
import threading
from collections.abc import Iterator
from dataclasses import dataclass, field
from pathlib import Path

import cv2
import numpy as np
import pytest
import uvicorn
from PIL import Image, PngImagePlugin

import dam_migrations
from dam.service.library import create_library, open_service
from dam.settings import Settings
from dam_api.app import create_app

sync_api = pytest.importorskip("playwright.sync_api", reason="needs playwright (dependency group dev)")
expect = sync_api.expect

CHROMIUM = next(filter(None, map(shutil.which, ("chromium", "chromium-browser", "google-chrome"))), None)
QUIET = [
    "--no-sandbox",
    "--disable-gpu",
    "--disable-background-networking",
    "--disable-component-update",
    "--disable-sync",
    "--no-first-run",
]
HOSTILE_PATH = "<script>alert(1)</script>.png"
HOSTILE_PROMPT = '"><script>alert(2)</script><img src=http://evil.example/x onerror=alert(3)>'

pytestmark = [
    pytest.mark.browser,
    pytest.mark.skipif(CHROMIUM is None, reason="needs a Chromium of the system (apt-get install chromium)"),
]


def save(path: Path, seed: int, prompt: str, model: str = "fluxdev") -> None:
    noise = np.random.default_rng(seed).integers(0, 255, (12, 16, 3), dtype=np.uint8)
    info = PngImagePlugin.PngInfo()
    info.add_itxt(
        "parameters",
        f"{prompt}\nSteps: 20, Sampler: Euler a, CFG scale: 7, Seed: {seed}, Size: 480x360, Model: {model}",
    )
    Image.fromarray(cv2.resize(noise, (480, 360), interpolation=cv2.INTER_CUBIC)).save(path, pnginfo=info)


@pytest.fixture(scope="module")
def address(tmp_path_factory) -> Iterator[str]:
    """A served library: uvicorn on a thread and a free port."""
    folder = tmp_path_factory.mktemp("browser")
    (folder / "drive" / HOSTILE_PATH).parent.mkdir(parents=True)
    save(folder / "drive" / "barn.png", 1, "a red barn at dusk")
    save(folder / "drive" / "lake.png", 2, "a mountain lake", "sdxl")
    save(folder / "drive" / HOSTILE_PATH, 3, HOSTILE_PROMPT)
    (folder / "drive" / "empty.png").touch()
    settings = Settings(library=folder / "library", settle_s=0, workers=2, person="Mara")
    dam_migrations.upgrade(settings.catalogue_path)
    create_library(settings)
    with open_service(settings) as service, socket.create_server(("127.0.0.1", 0)) as listening:
        service.roots.add(str(folder / "drive"), name="renders")
        service.passes.scan()
        config = uvicorn.Config(create_app(service), log_level="warning", lifespan="off", access_log=False)
        server = uvicorn.Server(config)
        thread = threading.Thread(target=server.run, kwargs={"sockets": [listening]})
        thread.start()
        yield f"http://127.0.0.1:{listening.getsockname()[1]}"
        server.should_exit = True
        thread.join(10)


@dataclass
class Tab:
    """A browser page, and all that went wrong in it: console errors, script errors, dialogs, foreign requests."""

    page: object
    address: str
    wrong: list[str] = field(default_factory=list)

    def watch(self) -> None:
        self.page.on(
            "console", lambda m: self.wrong.append(f"console {m.text}") if m.type in ("error", "warning") else None
        )
        self.page.on("pageerror", lambda e: self.wrong.append(f"script {e}"))
        self.page.on("dialog", lambda d: (self.wrong.append(f"dialog {d.message}"), d.dismiss()))
        self.page.on(
            "request", lambda r: None if r.url.startswith(self.address) else self.wrong.append(f"request {r.url}")
        )

    def open(self, path: str) -> None:
        self.page.goto(self.address + path)


@pytest.fixture(scope="module")
def browser():
    with sync_api.sync_playwright() as playwright:
        running = playwright.chromium.launch(executable_path=CHROMIUM, args=QUIET)
        yield running
        running.close()


@pytest.fixture(params=[True, False], ids=["script", "no-script"])
def tab(request, browser, address) -> Iterator[Tab]:
    context = browser.new_context(java_script_enabled=request.param, viewport={"width": 1280, "height": 800})
    found = Tab(context.new_page(), address)
    found.watch()
    yield found
    context.close()
    assert found.wrong == []


def test_search_then_a_facet_then_the_asset(tab):
    tab.open("/")
    tab.page.get_by_label("Search the library").fill("lake OR barn")
    tab.page.get_by_role("button", name="Search").click()
    expect(tab.page.locator(".understood")).to_contain_text("Understood as lake OR barn · 2 assets")
    tab.page.get_by_role("link", name="sdxl 1").click()
    expect(tab.page.locator(".understood")).to_contain_text("1 asset")
    expect(tab.page.get_by_label("Search the library")).to_have_value("(lake OR barn) model:=sdxl")
    tab.page.locator(".card a").click()
    expect(tab.page.get_by_role("heading", level=1)).to_have_text("lake.png")
    expect(tab.page.get_by_text("a mountain lake").first).to_be_visible()


def test_approve_and_see_the_badge_then_reject_with_a_reason(tab):
    tab.open("/?q=barn")
    tab.page.locator(".card a").click()
    tab.page.get_by_label("Reason").fill("the right light")
    tab.page.get_by_role("button", name="Approve").click()
    expect(tab.page.locator(".decisions .latest")).to_contain_text("Approved by Mara")
    expect(tab.page.locator(".head .badge.good")).to_have_text("approved")
    tab.open("/?q=is:approved")
    expect(tab.page.locator(".card .badge.good")).to_have_text("approved")
    tab.page.locator(".card a").click()
    tab.page.get_by_label("Reason").fill("six fingers")
    tab.page.get_by_role("button", name="Reject").click()
    expect(tab.page.locator(".decisions .latest")).to_contain_text("six fingers")
    expect(tab.page.locator(".head .badge.bad")).to_have_text("rejected")


def test_a_rejection_without_a_reason_is_refused(tab):
    tab.open("/?q=lake")
    tab.page.locator(".card a").click()
    tab.page.get_by_role("button", name="Reject").click()
    expect(tab.page.get_by_role("alert")).to_have_text("A rejection needs a reason.")
    expect(tab.page.get_by_text("Nobody has decided yet.")).to_be_visible()
    tab.wrong = [w for w in tab.wrong if "status of 400" not in w]  # how Chromium reports the refusal itself


def test_enter_in_the_name_field_decides_nothing(tab):
    tab.open("/?q=lake")
    tab.page.locator(".card a").click()
    tab.page.get_by_label("Decided by").press("Enter")
    expect(tab.page.get_by_text("Nobody has decided yet.")).to_be_visible()


def test_a_hostile_drive_is_only_text(tab):
    for path in ("/", "/quarantine", "/drives", "/audit"):
        tab.open(path)
        expect(tab.page.get_by_role("link", name="Headwater")).to_be_visible()
    tab.open("/?q=alert")
    tab.page.locator(".card a").click()
    expect(tab.page.locator(".path")).to_have_text(f"renders/{HOSTILE_PATH}")
    expect(tab.page.locator(".prompt").first).to_have_text(HOSTILE_PROMPT)
    assert tab.page.locator("script:not([src^='/static/'])").count() == 0


def test_the_copy_is_downloaded(browser, address):
    context = browser.new_context(accept_downloads=True)
    page = context.new_page()
    page.goto(f"{address}/?q=barn")
    page.locator(".card a").click()
    with page.expect_download() as waiting:
        page.get_by_role("link", name="Download the copy").click()
    assert waiting.value.suggested_filename == "barn.protected.png"
    context.close()


@pytest.mark.parametrize(
    "path", ["/", "/?q=barn", "/?q=nothing-like-this", "/quarantine", "/drives", "/audit", "asset"]
)
def test_nothing_runs_off_a_phone(browser, address, path):
    context = browser.new_context(viewport={"width": 375, "height": 720})
    page = context.new_page()
    page.goto(address + ("/?q=alert" if path == "asset" else path))
    if path == "asset":
        page.locator(".card a").click()
        page.get_by_text("What the file says").wait_for()
    page.wait_for_load_state("load")  # text may be there before the style sheet is
    assert page.evaluate("document.documentElement.scrollWidth") == 375
    context.close()


def test_a_person_says_what_an_asset_shows_and_takes_it_back(tab):
    tab.open("/?q=lake")
    tab.page.locator(".card a").click()
    tab.page.get_by_text("Say what it shows").click()
    tab.page.get_by_label("Kind").select_option("scene")
    tab.page.get_by_label("Name", exact=True).fill("sc <b>010</b>")
    tab.page.get_by_role("button", name="Add").click()
    expect(tab.page.locator(".terms")).to_contain_text("confirmed by")
    tab.page.get_by_role("link", name="scene sc <b>010</b>").click()
    expect(tab.page.locator(".understood")).to_contain_text("1 asset")
    tab.page.locator(".card a").click()
    tab.page.get_by_role("button", name="Take back").click()
    expect(tab.page.get_by_text("Nothing is known of who or what it shows.")).to_be_visible()


def test_a_character_that_nobody_told_of_is_refused_on_the_page(tab):
    tab.open("/?q=lake")
    tab.page.locator(".card a").click()
    tab.page.get_by_text("Say what it shows").click()
    tab.page.get_by_label("Name", exact=True).fill("Somebody")
    tab.page.get_by_role("button", name="Add").click()
    expect(tab.page.locator(".shows .alert")).to_contain_text("Nobody goes by the name")
    tab.wrong = [w for w in tab.wrong if "status of 404" not in w]  # how Chromium reports the refusal itself


def test_the_drives_page_says_how_each_is_watched(tab):
    tab.open("/drives")
    row = tab.page.locator("tbody tr").first
    expect(row).to_contain_text("online")
    expect(row).to_contain_text("events")
    expect(row).to_contain_text("UTC")
    expect(tab.page.get_by_role("link", name="Drives")).to_have_attribute("aria-current", "page")


def test_slash_goes_to_the_search(browser, address):
    context = browser.new_context()
    page = context.new_page()
    page.goto(address)
    page.keyboard.press("/")
    page.keyboard.type("lake")
    expect(page.get_by_label("Search the library")).to_have_value("lake")
    context.close()
