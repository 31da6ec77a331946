"""A lineage as a picture (SVG) without scripts, links or anything from elsewhere: ancestors left, descendants right."""

from collections.abc import Mapping
from html import escape

from dam.lineage.graph import Lineage
from dam.media.paths import display

MAX_ROWS = 40
_BOX_W, _BOX_H, _GAP_X, _GAP_Y, _PAD, _BEND = 200, 40, 90, 16, 12, 40
_CHARS = 25


def svg(lineage: Lineage, titles: Mapping[str, str]) -> str:
    """The drawing; of a generation with more than MAX_ROWS assets only the first are drawn, and that is said."""
    columns: dict[int, list[str]] = {}
    for node in lineage.nodes:
        columns.setdefault(node.level, []).append(node.asset_id)
    levels = sorted(columns)
    rows = max(min(len(columns[level]), MAX_ROWS) + (len(columns[level]) > MAX_ROWS) for level in levels)
    width = 2 * _PAD + _BEND + len(levels) * _BOX_W + (len(levels) - 1) * _GAP_X
    height = 2 * _PAD + rows * (_BOX_H + _GAP_Y)
    places = {
        name: (_PAD + at * (_BOX_W + _GAP_X), _PAD + row * (_BOX_H + _GAP_Y))
        for at, level in enumerate(levels)
        for row, name in enumerate(columns[level][:MAX_ROWS])
    }
    head = (
        f'<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 {width} {height}" width="{width}" height="{height}" '
        'font-family="sans-serif" font-size="12" role="img"><title>Lineage</title>'
    )
    drawn = [one for one in lineage.edges if one.parent_id in places and one.child_id in places]
    parts = [head, *(_arrow(places[one.parent_id], places[one.child_id], str(one.relation)) for one in drawn)]
    parts += [_box(at, titles.get(name, name), name == lineage.start) for name, at in places.items()]
    for at, level in enumerate(levels):
        if (more := len(columns[level]) - MAX_ROWS) > 0:
            x, y = _PAD + at * (_BOX_W + _GAP_X), _PAD + MAX_ROWS * (_BOX_H + _GAP_Y) + 20
            parts.append(f'<text x="{x}" y="{y}" fill="#555">and {more} more</text>')
    return "\n".join([*parts, "</svg>"]) + "\n"


def _box(at: tuple[int, int], title: str, start: bool) -> str:
    shown = display(title)
    shown = shown if len(shown) <= _CHARS else shown[: _CHARS - 1] + "…"
    x, y = at
    return (
        f'<rect x="{x}" y="{y}" width="{_BOX_W}" height="{_BOX_H}" rx="5" fill="{"#e8eefc" if start else "#fff"}" '
        f'stroke="#445" stroke-width="{2 if start else 1}"/>'
        f'<text x="{x + 8}" y="{y + 25}" fill="#111">{escape(shown)}</text>'
    )


def _arrow(parent: tuple[int, int], child: tuple[int, int], relation: str) -> str:
    """A line to the next column; within one column a bend beside it."""
    x1, y1, x2, y2 = parent[0] + _BOX_W, parent[1] + _BOX_H // 2, child[0], child[1] + _BOX_H // 2
    shown = escape(relation.replace("_", " "))
    if x2 > x1:
        way, head, at = f"M{x1} {y1} L{x2 - 6} {y2}", "l-7 -4 v8 z", ((x1 + x2) // 2 - 30, (y1 + y2) // 2 - 4)
    else:
        x2 += _BOX_W
        bend = max(x1, x2) + _BEND
        way, head, at = f"M{x1} {y1} C{bend} {y1} {bend} {y2} {x2 + 6} {y2}", "l7 -4 v8 z", (bend - 24, (y1 + y2) // 2)
    return (
        f'<path d="{way}" stroke="#778" fill="none"/><path d="M{x2} {y2} {head}" fill="#778"/>'
        f'<text x="{at[0]}" y="{at[1]}" font-size="10" fill="#555">{shown}</text>'
    )
