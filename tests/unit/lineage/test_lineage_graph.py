import json
import re

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from dam.lineage.graph import Direction, walk
from dam.lineage.render import dot, mermaid, prov, tree
from dam.model import Edge, Relation

patient = settings(deadline=None, suppress_health_check=[HealthCheck.too_slow])  # the machine may be busy


def edge(parent, child, confidence=1.0, evidence="sha256"):
    return Edge(parent, child, Relation.INPUT, evidence, confidence)


def graph(*edges):
    def neighbours(ids, direction):
        end = "child_id" if direction is Direction.UP else "parent_id"
        return [row for row in edges if getattr(row, end) in ids]

    return neighbours


FAMILY = graph(
    edge("grandma", "ma"),
    edge("ma", "me"),
    edge("pa", "me", 0.3),
    edge("ma", "sister"),
    edge("me", "kid"),
    edge("kid", "kidkid"),
)


def levels(lineage):
    return {node.asset_id: node.level for node in lineage.nodes}


def test_a_walk_goes_up_and_down_but_not_sideways():
    found = walk("me", FAMILY, up=5, down=5)
    assert levels(found) == {"grandma": -2, "ma": -1, "pa": -1, "me": 0, "kid": 1, "kidkid": 2}
    assert ("ma", "sister") not in {(row.parent_id, row.child_id) for row in found.edges}
    assert not found.truncated


@pytest.mark.parametrize(("up", "down", "names"), [(0, 0, {"me"}), (1, 0, {"me", "ma", "pa"}), (0, 1, {"me", "kid"})])
def test_a_walk_stops_at_its_depth(up, down, names):
    assert set(levels(walk("me", FAMILY, up, down))) == names


def test_a_cycle_ends():
    found = walk("a", graph(edge("a", "b"), edge("b", "c"), edge("c", "a"), edge("a", "a")), up=50, down=50)
    assert set(levels(found)) == {"a", "b", "c"}
    assert len(found.edges) == 4
    assert tree(found, {})


def test_a_walk_over_its_limit_keeps_the_strongest_and_says_so():
    wide = graph(*[edge(f"p{n:03d}", "me", n / 100) for n in range(100)])
    found = walk("me", wide, up=1, down=0, max_nodes=11)
    assert found.truncated
    assert set(levels(found)) == {"me", *[f"p{n:03d}" for n in range(90, 100)]}
    assert "cut" in tree(found, {})


def test_a_dense_graph_has_an_edge_limit():
    dense = graph(*[edge(f"{a}", f"{b}", evidence=f"e{e}") for a in range(12) for b in range(12) for e in range(3)])
    found = walk("0", dense, up=3, down=3, max_nodes=20)
    assert len(found.edges) == 160
    assert found.truncated


@patient
@given(
    st.lists(st.tuples(st.sampled_from("abcdef"), st.sampled_from("abcdef"), st.sampled_from([0.3, 1.0])), max_size=15),
    st.randoms(),
)
def test_a_walk_does_not_depend_on_the_order_of_edges(rows, random):
    edges = [edge(*row) for row in dict.fromkeys(rows)]
    unique = list({(row.parent_id, row.child_id): row for row in edges}.values())
    first = walk("a", graph(*unique), up=4, down=4, max_nodes=4)
    random.shuffle(unique)
    assert walk("a", graph(*unique), up=4, down=4, max_nodes=4) == first
    assert {row.parent_id for row in first.edges} | {row.child_id for row in first.edges} <= set(levels(first))


def test_a_level_is_asked_for_in_one_call():
    calls = []

    def neighbours(ids, direction):
        calls.append((tuple(ids), direction))
        return FAMILY(ids, direction)

    walk("me", neighbours, up=2, down=0)
    assert calls == [(("me",), "up"), (("ma", "pa"), "up")]


def test_the_tree_shows_both_sides_with_their_evidence():
    text = tree(walk("me", FAMILY, 5, 5), {"me": "final.png", "ma": "input.png"})
    assert text.splitlines() == [
        "final.png (me)",
        "├── made from",
        "│   ├── input.png (ma)  [input · sha256 · 1.00]",
        "│   │   └── grandma  [input · sha256 · 1.00]",
        "│   └── pa  [input · sha256 · 0.30]",
        "└── used in",
        "    └── kid  [input · sha256 · 1.00]",
        "        └── kidkid  [input · sha256 · 1.00]",
    ]


def test_a_diamond_is_drawn_once_and_pointed_at_after():
    found = walk(
        "d", graph(edge("a", "b"), edge("a", "c"), edge("b", "d"), edge("c", "d"), edge("z", "a")), up=9, down=0
    )
    text = tree(found, {})
    assert text.count("z  [") == 1
    assert "a  [input · sha256 · 1.00] (shown above)" in text


def test_a_chain_longer_than_pythons_stack_is_drawn():
    chain = {f"n{n}": edge(f"n{n}", f"n{n + 1}") for n in range(1500)}

    def neighbours(ids, direction):
        return [chain[name] for name in ids if name in chain]

    assert tree(walk("n0", neighbours, up=0, down=1500), {}).count("\n") == 1502


def test_prov_is_json_with_derivations():
    document = json.loads(prov(walk("me", FAMILY, 1, 0), {"me": "final.png"}))
    assert document["entity"]["hw:me"] == {"prov:label": "final.png"}
    derived = list(document["wasDerivedFrom"].values())
    assert {(row["prov:generatedEntity"], row["prov:usedEntity"]) for row in derived} == {
        ("hw:me", "hw:ma"),
        ("hw:me", "hw:pa"),
    }
    assert document["prefix"]["hw"].startswith("urn:")


def test_dot_and_mermaid_name_every_node_and_edge():
    found = walk("me", FAMILY, 5, 5)
    assert dot(found, {}).count(" -> ") == mermaid(found, {}).count(" -->") == len(found.edges) == 5
    assert mermaid(found, {}).count('["') == dot(found, {}).count("label=") - 5 == len(found.nodes)


HOSTILE = '"];\n<script>alert(1)</script>\x1b[31m\\"}|end %% --> `x` #quot; {{$}} \u202e\u2028' + "x" * 10_000


def test_hostile_titles_stay_inside_their_quotes():
    found = walk("me", graph(edge("ma", "me", evidence='e"vil\n')), 1, 1)
    titles = {"me": HOSTILE, "ma": HOSTILE}
    for draw in (tree, mermaid, dot):
        text = draw(found, titles)
        assert "\x1b" not in text
        assert "\u202e" not in text
        assert "\u2028" not in text
        assert len(text) < 3000
    for draw in (mermaid, dot):
        assert "<" not in draw(found, titles)
    assert len(tree(found, titles).splitlines()) == 3
    assert json.loads(prov(found, titles))["entity"]["hw:me"]["prov:label"] == HOSTILE[:120]


DOT_LINE = r'    "(?:[^"\\]|\\.)*"(?: -> "(?:[^"\\]|\\.)*")? \[label="(?:[^"\\]|\\.)*"(?:, penwidth=3)?\];'
MERMAID_LINE = r'    n\d+(?:\["[^"<>]*"\]| -->\|"[^"<>]*"\| n\d+)|    style n\d+ stroke-width:3px'


@patient
@given(st.text(max_size=40), st.text(max_size=20))
def test_any_title_gives_well_formed_drawings(title, evidence):
    found = walk("me", graph(edge("ma", "me", evidence=evidence)), 1, 1)
    titles = {"me": title, "ma": title}
    lines = dot(found, titles).splitlines()
    assert all(re.fullmatch(DOT_LINE, line) for line in lines[3:-1]), lines
    lines = mermaid(found, titles).splitlines()
    assert all(re.fullmatch(MERMAID_LINE, line) for line in lines[1:]), lines
    json.loads(prov(found, titles))
