"""The pure half of the pages: links of facets and chips, families, words."""

from urllib.parse import parse_qs, urlsplit

import pytest

from dam.search.grammar import parse
from dam_api import rendering
from dam_api.assets import download_name
from dam_api.views import chips_of, facets_of, family_of
from dam_schemas.asset import AssetOut, EdgeOut, LineageOut, SearchPageOut


def page(query, **facets):
    return SearchPageOut(query=query, understood=parse(query).understood, total=1, facets=facets)


def asked(href):
    return parse_qs(urlsplit(href).query).get("q", [""])[0]


@pytest.mark.parametrize(
    ("query", "facet", "value", "wanted"),
    [
        ("", "kind", "video", "kind:video"),
        ("mara", "status", "approved", "mara is:approved"),
        ("mara OR ilse", "availability", "offline", "(mara OR ilse) is:offline"),
        ("mara", "tool", 'My "best" tool', 'mara tool:="My \\"best\\" tool"'),
        ("", "model", "a b) OR (c", 'model:="a b) OR (c"'),
        ("", "ai", "unknown", "ai:unknown"),
        ("", "credential", "untrusted_signer", "credential:untrusted_signer"),
    ],
)
def test_a_facet_adds_its_filter_to_the_query(query, facet, value, wanted):
    choice = facets_of(page(query, **{facet: {value: 3}}), None)[0].choices[0]
    assert (asked(choice.href), choice.active) == (wanted, False)
    again = facets_of(page(wanted, **{facet: {value: 3}}), None)[0].choices[0]
    assert (asked(again.href), again.active) == (parse(query).understood, True)


def test_a_facet_keeps_the_order_and_forgets_the_page():
    choice = facets_of(page("mara", kind={"image": 1}), "name")[0].choices[0]
    assert parse_qs(urlsplit(choice.href).query) == {"q": ["mara kind:image"], "sort": ["name"]}


def test_many_values_are_folded_and_an_active_one_stays_in_sight():
    counts = {f"m{n}": 100 - n for n in range(20)}
    facet = facets_of(page("model:=m19", model=counts), None)[0]
    assert facet.choices[0].label == "m19"
    assert (len(facet.choices), len(facet.more)) == (7, 13)


def test_each_part_of_the_query_can_be_left_out_alone():
    chips = chips_of('mara -is:rejected "neon rain"', None)
    assert [c.label for c in chips] == ["mara", "-is:rejected", '"neon rain"']
    assert asked(chips[1].href) == 'mara "neon rain"'


def card(name):
    return AssetOut(
        id=name, sha256="0" * 64, kind="image", status="unreviewed", title=name, mime="image/png", size_bytes=1, credential="none",
        protected=False, availability="online", admitted_at="", created_at="",
    )  # fmt: skip


def edge(parent, child, relation, evidence, confidence):
    return EdgeOut(parent_id=parent, child_id=child, relation=relation, evidence=evidence, confidence=confidence)


def test_a_family_groups_evidence_and_shows_nobody_twice():
    edges = [
        edge("p", "me", "input", "name_in_root", 0.9),
        edge("p", "me", "input", "sha256", 1.0),
        edge("p", "me", "near_duplicate", "phash", 0.8),
        edge("me", "kid", "ingredient", "c2pa_manifest", 1.0),
        edge("twin", "me", "near_duplicate", "phash", 0.7),
        edge("gone", "me", "input", "sha256", 1.0),
    ]
    family = family_of(LineageOut(start="me", nodes=[card(n) for n in ("me", "p", "kid", "twin")], edges=edges))
    assert [(n.asset.id, n.confidence, len(n.evidence)) for n in family.parents] == [("p", 1.0, 2)]
    assert [n.asset.id for n in family.children] == ["kid"]
    assert [n.asset.id for n in family.alike] == ["twin"]


def test_a_large_family_is_cut_and_counted():
    names = [f"c{n}" for n in range(40)]
    edges = [edge("me", n, "input", "sha256", 1.0) for n in names]
    family = family_of(LineageOut(start="me", nodes=[card(n) for n in ("me", *names)], edges=edges))
    assert (len(family.children), family.more) == (12, 28)


@pytest.mark.parametrize(
    ("name", "safe"),
    [
        ("../../a/b.png", "ab.png"),
        ("...", "copy"),
        ('x"\r\ny.png', "xy.png"),
        ("\u202egnp.exe", "gnp.exe"),
        ("a" * 500 + ".png", "a" * 120 + ".png"),
        ("münchen 山水.png", "münchen 山水.png"),
    ],
)
def test_a_download_gets_a_name_that_is_safe_on_any_desk(name, safe):
    assert download_name(name) == safe


def test_texts_are_cut_and_hidden_characters_are_shown():
    assert rendering.shown("a\u202eb\n") == "a\\u202eb\\n"
    assert len(rendering.shown("x" * 5000)) == rendering.TEXT_CHARS
    assert rendering.prose("one\ntwo\x1b[31m") == "one\ntwo\\x1b[31m"
    assert rendering.prose("x" * 4100).endswith("… (100 more characters)")
    assert rendering.when("never") == "never"
    assert [rendering.size(n) for n in (0, 999, 1000, 1_234_567, 5e14)] == [
        "0 B",
        "999 B",
        "1.0 kB",
        "1.2 MB",
        "500.0 TB",
    ]
