"""Contact sheets: thumbnails in a grid with names and states, as pages of A4 across at 150 dpi. Pure but for the font."""

import io
from collections.abc import Callable, Iterable, Iterator, Sequence
from dataclasses import dataclass

from PIL import Image, ImageDraw

from dam.errors import UsageError
from dam.media import fonts

PAGE_PX, MARGIN_PX = (1754, 1240), 48
COLUMNS, ROWS = 5, 3
TEXT_PX, LINE_PX, HEAD_PX = 19, 26, 34
MAX_CELLS = 3_000
INK, FAINT, PAPER, MATTE = (20, 24, 28), (95, 103, 110), (255, 255, 255), (238, 241, 242)


@dataclass(frozen=True, slots=True)
class Cell:
    """`lines` stand below the picture, the first in ink, the others fainter. `jpeg` is asked when its page is drawn;
    None: there is no picture.
    """

    jpeg: Callable[[], bytes | None]
    lines: tuple[str, ...]


def count(cells: Sequence[Cell]) -> int:
    """How many pages they fill."""
    return -(-len(cells) // (COLUMNS * ROWS))


def pages(title: str, cells: Sequence[Cell], *, font: str | None = None) -> Iterator[Image.Image]:
    """One page after the other.

    Raises:
        UsageError: more than MAX_CELLS, or nothing to show.
    """
    if not cells or len(cells) > MAX_CELLS:
        raise UsageError(f"A contact sheet shows 1 to {MAX_CELLS} assets, not {len(cells)}.", code="sheet.size")
    letters = set(title).union(*(line for c in cells for line in c.lines))
    draw_text = _writer("".join(sorted(c for c in letters if c.isprintable())), font)
    each = COLUMNS * ROWS
    of = count(cells)
    for at in range(of):
        page = Image.new("RGB", PAGE_PX, PAPER)
        pen = ImageDraw.Draw(page)
        draw_text(pen, (MARGIN_PX, MARGIN_PX), title, PAGE_PX[0] - 2 * MARGIN_PX - 160, INK, HEAD_PX)
        draw_text(pen, (PAGE_PX[0] - MARGIN_PX - 150, MARGIN_PX), f"{at + 1} / {of}", 150, FAINT, TEXT_PX)
        for n, cell in enumerate(cells[at * each : (at + 1) * each]):
            _draw(page, pen, n, cell, draw_text)
        yield page


def _draw(page: Image.Image, pen: ImageDraw.ImageDraw, n: int, cell: Cell, draw_text: "_Write") -> None:
    gap = 24
    width = (PAGE_PX[0] - 2 * MARGIN_PX - (COLUMNS - 1) * gap) // COLUMNS
    height = (PAGE_PX[1] - 2 * MARGIN_PX - 2 * HEAD_PX) // ROWS
    x = MARGIN_PX + n % COLUMNS * (width + gap)
    y = MARGIN_PX + 2 * HEAD_PX + n // COLUMNS * height
    picture_px = height - 3 * LINE_PX - 20
    pen.rectangle((x, y, x + width, y + picture_px), fill=MATTE)
    jpeg = cell.jpeg()
    if jpeg is not None:
        with Image.open(io.BytesIO(jpeg), formats=["JPEG"]) as found:
            picture = found.convert("RGB")
        picture.thumbnail((width, picture_px), Image.Resampling.LANCZOS)
        page.paste(picture, (x + (width - picture.width) // 2, y + (picture_px - picture.height) // 2))
    for at, line in enumerate(cell.lines[:3]):
        draw_text(pen, (x, y + picture_px + 6 + at * LINE_PX), line, width, INK if at == 0 else FAINT, TEXT_PX)


_Write = Callable[[ImageDraw.ImageDraw, tuple[int, int], str, int, tuple[int, int, int], int], None]


def _writer(text: str, chosen: str | None) -> _Write:
    path = fonts.find(text, chosen)
    path = fonts.BUILT_IN if path is None else path  # letters that no font has are drawn as boxes
    faces = {size: fonts.load(path, size) for size in (TEXT_PX, HEAD_PX)}

    def write(
        pen: ImageDraw.ImageDraw, at: tuple[int, int], text: str, width: int, ink: tuple[int, int, int], size: int
    ) -> None:
        face = faces.get(size)
        text = "".join(c for c in text[:300] if c.isprintable())
        while text and pen.textlength(text, font=face) > width:
            text = text[:-2].rstrip("…") + "…" if len(text) > 2 else ""
        pen.text(at, text, fill=ink, font=face)

    return write


def pdf(found: Iterable[Image.Image], title: str) -> bytes:
    """All pages as one PDF, one after the other: a page is 6.5 MB before it is packed."""
    out = io.BytesIO()
    for n, page in enumerate(found):
        page.save(out, "PDF", append=n > 0, resolution=150.0, title=title)
    return out.getvalue()


def png(page: Image.Image) -> bytes:
    out = io.BytesIO()
    page.save(out, "PNG")
    return out.getvalue()
