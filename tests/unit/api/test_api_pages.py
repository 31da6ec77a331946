"""The web UI as HTML: what stands on a page, that strangers' texts are only text, that forms do what they say."""

import re
from html import unescape
from html.parser import HTMLParser

import pytest

from tests.support import pictures, timelines


class Page(HTMLParser):
    """The tags and texts of a page."""

    def __init__(self, answer):
        super().__init__()
        assert answer.headers["content-type"].startswith("text/html"), answer.text
        self.tags, self.texts = [], []
        self.feed(answer.text)
        self.text = re.sub(r"\s+", " ", " ".join(self.texts))

    def handle_starttag(self, tag, attrs):
        self.tags.append((tag, dict(attrs)))

    def handle_data(self, data):
        self.texts.append(data)

    def links(self):
        return [a["href"] for tag, a in self.tags if tag == "a" and "href" in a]


def browse(studio, url, **options):
    return Page(studio.door.browse(url, **options))


def test_the_library_shows_cards_facets_and_what_was_understood(studio):
    page = browse(studio, "/?q=barn+kind:picture")
    assert "Understood as barn kind:image" in page.text
    assert "1 asset" in page.text
    assert f"/assets/{studio.id_of('barn.png')}" in page.links()
    assert ("input", "barn kind:picture") in [(t, a.get("value")) for t, a in page.tags]
    assert "/?q=barn" in page.links()


def test_notes_say_what_was_not_understood(studio):
    assert "kind: knows" in browse(studio, "/?q=kind:hologram").text


def test_every_link_of_the_library_leads_somewhere(studio):
    for href in {h for h in browse(studio, "/").links() if h.startswith("/")}:
        assert studio.door.browse(href).status_code == 200, href


def test_pages_of_the_grid_follow_each_other(studio, monkeypatch):
    from dam_api import pages

    monkeypatch.setattr(pages, "PAGE_ASSETS", 3)
    seen, url, count = set(), "/", 0
    while url:
        page = browse(studio, url)
        cards = {h for h in page.links() if h.startswith("/assets/")}
        assert not cards & seen
        seen |= cards
        url = next((a["href"] for t, a in page.tags if t == "a" and a.get("rel") == "next"), None)
        count += 1
    assert (len(seen), count) == (7, 3)


def test_an_empty_library_says_what_to_run(fresh):
    text = browse(fresh, "/").text
    assert "Your library is empty" in text
    assert "scan /path/to/renders" in text


def test_no_hits_say_what_to_try(studio):
    assert "Nothing fits" in browse(studio, "/?q=zebra").text


@pytest.mark.parametrize("query", ["after=zzz", "sort=size"])
def test_a_wrong_cursor_is_a_page_and_a_wrong_order_is_the_usual_one(studio, query):
    answer = studio.door.browse(f"/?{query}")
    assert answer.status_code == (400 if "after" in query else 200)
    assert "Headwater" in answer.text


def test_an_asset_page_tells_the_whole_story(studio):
    page = browse(studio, f"/assets/{studio.id_of('barn.png')}")
    for part in (
        "a red barn at dusk",
        "blurry",
        "fluxdev",
        "png:iTXt:parameters",
        "no credential",
        "dB PSNR",
        "renders/barn.png",
    ):
        assert part in page.text, part
    assert "carries no C2PA credential" in page.text


def test_strangers_texts_are_never_markup(studio, hostile):
    for url in (
        "/",
        f"/assets/{studio.id_of(hostile['name'])}",
        f"/assets/{studio.id_of('script>.png')}",
        "/quarantine",
        "/audit",
    ):
        page = browse(studio, url)
        assert not [
            a for t, a in page.tags if "onerror" in a or (t == "script" and not a.get("src", "").startswith("/static/"))
        ]
        assert not [a for t, a in page.tags if "style" in a or any(name.startswith("on") for name in a)]
        assert "\u202e" not in page.text
    text = studio.door.browse(f"/assets/{studio.id_of('script>.png')}").text
    assert "<script>alert(1)</script>.png" in unescape(text)
    assert "<script>alert" not in text
    assert "{{7*7}}" in browse(studio, f"/assets/{studio.id_of(hostile['name'])}").text


def test_a_query_is_only_text(studio):
    page = browse(studio, '/?q="><script>alert(1)</script>')
    assert [a for t, a in page.tags if t == "script" and "src" not in a] == []


def seen(page):
    return next(a["value"] for t, a in page.tags if a.get("name") == "seen")


def test_a_decision_is_entered_by_the_form_and_shown(fresh):
    url = f"/assets/{fresh.add('one.png', 1)}"
    form = {"verdict": "approve", "reason": "the one", "person": "Jo", "seen": seen(browse(fresh, url))}
    answer = fresh.door.post(f"{url}/decisions", data=form)
    assert (answer.status_code, answer.headers["location"]) == (303, f"{url}#decision")
    assert "Approved by Jo" in browse(fresh, url).text
    stale = Page(
        fresh.door.post(f"{url}/decisions", data={**form, "verdict": "reject"}, headers={"Accept": "text/html"})
    )
    assert "Somebody decided in the meantime" in stale.text
    assert len(fresh.service.reviews.history(url.rpartition("/")[2])) == 1


def test_a_rejection_without_a_reason_is_refused_on_the_page_and_keeps_what_was_typed(studio):
    url = f"/assets/{studio.id_of('pier.png')}"
    answer = studio.door.post(f"{url}/decisions", data={"verdict": "reject", "reason": " "})
    assert answer.status_code == 400
    assert "A rejection needs a reason." in Page(answer).text
    long = studio.door.post(f"{url}/decisions", data={"verdict": "reject", "reason": "y" * 5000})
    assert (long.status_code, "y" * 5000 in long.text) == (400, True)
    assert studio.service.reviews.history(url.rpartition("/")[2]) == []


def test_a_form_without_a_verdict_is_refused(studio):
    url = f"/assets/{studio.id_of('pier.png')}"
    assert studio.door.post(f"{url}/decisions", data={"reason": "x"}).status_code == 422
    assert (
        studio.door.post(
            f"{url}/decisions", content="a=1&" * 50, headers={"Content-Type": "application/x-www-form-urlencoded"}
        ).status_code
        == 400
    )


def test_what_has_no_picture_is_drawn(studio):
    answer = studio.door.get(f"/assets/{studio.id_of('notes.txt')}/thumbnail/256")
    assert (answer.status_code, answer.headers["content-type"]) == (200, "image/svg+xml")
    assert studio.door.get(f"/assets/{studio.id_of('barn.png')}/thumbnail/1024").headers["content-type"] == "image/jpeg"


def test_quarantine_names_the_file_the_reason_and_the_next_step(studio):
    text = browse(studio, "/quarantine").text
    assert "renders/empty.png" in text
    assert "0 bytes" in text
    assert "dam scan" in text


def test_the_audit_page_lists_entries_and_goes_on(studio):
    text = browse(studio, "/audit").text
    assert "library.created" in text
    assert "asset.admitted" in text
    assert "asset.admitted" in browse(studio, "/audit?after=3").text


def test_an_offline_drive_is_said_and_dims_its_cards(fresh):
    fresh.add("one.png", 1)
    fresh.drive.rename(fresh.drive.with_name("elsewhere"))
    fresh.service.passes.scan()
    page = browse(fresh, "/")
    assert "renders is offline" in page.text
    assert any("away" in a.get("class", "") for t, a in page.tags if t == "li")


def test_a_timelines_page_and_answer_show_its_clips_with_their_assets(fresh):
    text = timelines.edl(
        timelines.event(1, 0, 24, ["* FROM CLIP NAME: barn.png"]), timelines.event(2, 24, 24, ["* FROM CLIP NAME: <b>.mov"])
    )  # fmt: skip
    (fresh.drive / "cut.edl").write_text(text)
    barn = fresh.add("barn.png", 1)
    cut = fresh.id_of("cut.edl")
    page = browse(fresh, f"/assets/{cut}")
    assert "What this cut uses" in page.text
    assert f"/assets/{barn}" in page.links()
    assert "a clip has its file name, 90 %" in page.text
    assert "<b>.mov" in page.text
    answer = fresh.door.get(f"/api/v1/assets/{cut}").json()["timeline"]
    assert (answer["clip_count"], answer["rate"]) == (2, 24.0)
    assert [[m["asset_id"] for m in clip["matches"]] for clip in answer["clips"]] == [[barn], []]


def test_a_carrier_that_nobody_reads_shows_its_first_characters_as_mere_text(fresh):
    words = '{"recipe": "<b>a cat</b>", "api_key": "a1B2c3D4e5F6g7H8i9J0"}\x1b[2J' + "x" * 900
    pixels = pictures.painted(1)
    pictures.put(fresh.drive, "new.png", pictures.png(pixels, {"newtool": words}))
    fresh.service.roots.add(str(fresh.drive))
    fresh.service.passes.scan()
    page = browse(fresh, f"/assets/{fresh.id_of('new.png')}")
    assert "nobody could read this" in page.text
    assert '{"recipe": "<b>a cat</b>", "api_key": "REDACTED"}\\x1b[2J' in page.text
    assert "x" * 700 not in page.text
