"""Bounds for what strangers put into timelines: XML without entities, zips that do not inflate for ever."""

import zipfile
import zlib
from typing import Any, BinaryIO
from xml.etree.ElementTree import Element, ParseError, TreeBuilder

MAX_ELEMENTS = 400_000
MAX_DEPTH = 200
MAX_MEMBERS = 4_000


class TimelineError(Exception):
    """A timeline that cannot be used, said as the end of a sentence."""


class _Keeper(TreeBuilder):
    """A tree builder that remembers its root, so that the front of a cut-off file can be used."""

    def __init__(self) -> None:
        super().__init__()
        self.top: Element | None = None
        self._depth = self._count = 0

    def start(self, tag: Any, attrs: Any, /) -> Element:
        self._depth += 1
        self._count += 1
        if self._depth > MAX_DEPTH or self._count > MAX_ELEMENTS:
            raise TimelineError("it has too many elements, or they are nested too deeply")
        element = super().start(tag, attrs)
        if self.top is None:
            self.top = element
        return element

    def end(self, tag: Any, /) -> Element:
        self._depth -= 1
        return super().end(tag)


def parse_xml(data: bytes) -> tuple[Element, str | None]:
    """The tree of an XML text without entities, and why it is only its front (None = it is whole).

    Raises:
        TimelineError: no XML, or XML that is not safe to read.
    """
    from defusedxml import DefusedXmlException
    from defusedxml.ElementTree import DefusedXMLParser

    keeper = _Keeper()
    parser = DefusedXMLParser(target=keeper)
    try:
        parser.feed(data.lstrip(b" \t\r\n"))
        parser.close()
    except DefusedXmlException as error:
        raise TimelineError("it declares entities, which are not read") from error
    except (ParseError, ValueError, LookupError, AssertionError, RecursionError) as error:
        if keeper.top is None:
            raise TimelineError("it is no well-formed XML") from error
        return keeper.top, "its XML is damaged or cut off"
    if keeper.top is None:
        raise TimelineError("it is no well-formed XML")
    return keeper.top, None


def text_of(element: Element | None, path: str) -> str | None:
    """The stripped text at a path below an element; None if absent or blank."""
    found = element.find(path) if element is not None else None
    return (found.text or "").strip() or None if found is not None else None


class Archive:
    """Bounded reads of a zip: so many members, and so many bytes in all, whatever the directory promises."""

    def __init__(self, stream: BinaryIO, budget_bytes: int) -> None:
        self._left = budget_bytes
        try:
            self._zip = zipfile.ZipFile(stream)
        except (zipfile.BadZipFile, ValueError, OSError, NotImplementedError) as error:
            raise TimelineError("it is a damaged zip") from error
        self.names = [info.filename for info in self._zip.infolist()[:MAX_MEMBERS] if not info.is_dir()]

    def read(self, name: str) -> bytes:
        """Raises TimelineError if the member is damaged, encrypted, or larger than what is left of the budget."""
        try:
            with self._zip.open(name) as member:
                data = member.read(self._left + 1)
        except (zipfile.BadZipFile, zlib.error, EOFError, KeyError, ValueError, RuntimeError, OSError) as error:
            raise TimelineError(f"its part {name[:80]} is damaged") from error
        if len(data) > self._left:
            raise TimelineError("its parts inflate to more than is read")
        self._left -= len(data)
        return data
