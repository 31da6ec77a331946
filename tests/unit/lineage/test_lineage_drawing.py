"""The drawing of a lineage is a picture and nothing else."""

from xml.etree import ElementTree as ET

from dam.lineage import drawing
from dam.lineage.graph import Lineage, Node
from dam.model import Edge, Relation

NASTY = '</text><script>alert(1)</script>"&\u202e\x00'


def edge(parent, child):
    return Edge(parent, child, Relation.INPUT, "name", 0.9, {}, "machine")


def test_titles_of_strangers_stay_text_in_it():
    line = Lineage("b", (Node("a", -1), Node("b", 0)), (edge("a", "b"),), False)
    drawn = drawing.svg(line, {"a": NASTY, "b": "shot.png"})
    tree = ET.fromstring(drawn)
    assert "script" not in {one.tag.rpartition("}")[2] for one in tree.iter()}
    assert "\u202e" not in drawn
    assert "shot.png" in drawn


def test_a_generation_of_a_thousand_is_cut_and_says_so():
    nodes = (Node("start", 0), *(Node(f"n{at:04}", 1) for at in range(1_000)))
    drawn = drawing.svg(Lineage("start", nodes, (), False), {})
    assert f"and {1_000 - drawing.MAX_ROWS} more" in drawn
    assert drawn.count("<rect") == drawing.MAX_ROWS + 1
