"""Path templates of a root: `{project}/{scene}/{shot}_{character}_v{version}.{ext}`.

A field stands for one or more characters of one folder or file name; `*` for any, `**` for any folders. A template is
compared with the whole path below the root.
"""

import re
from collections.abc import Callable
from dataclasses import dataclass

from dam.errors import UsageError
from dam.tagging.vocabulary import CHARACTER, PROJECT, SCENE, SHOT, Tag

CONFIDENCE = 0.9
MAX_CHARS, MAX_FIELDS_A_NAME = 400, 4
_FIELDS = {
    "project": r"[^/]+?", "scene": r"[^/]+?", "shot": r"[^/]+?", "character": r"[^/]+?", "version": r"\d{1,6}",
    "ext": r"[^/.]+", "any": r"[^/]+?",
}  # fmt: skip
_TAGS = {"project": PROJECT, "scene": SCENE, "shot": SHOT, "character": CHARACTER}
_PIECE = re.compile(r"\{([^{}]*)\}|(\*\*/?)|(\*)|([^{}*]+)|([{}])")
_NAME_CHARS = 255


@dataclass(frozen=True, slots=True)
class Template:
    """`patterns` differ in where one field of a name ends and the next begins: at the first place, or at the last."""

    text: str
    patterns: tuple[re.Pattern[str], ...]


def compiled(text: str) -> Template:
    """A template that can be used.

    Raises:
        UsageError: an unknown field, a field that stands twice, no field, or too many in one name.
    """
    text = text.strip().strip("/")
    if not text or len(text) > MAX_CHARS:
        raise UsageError(f"A template has 1 to {MAX_CHARS} characters.", next_step=_EXAMPLE, code="template.bad")
    out, seen = [], set()
    for name in text.split("/"):
        if name.count("{") + name.count("*") > MAX_FIELDS_A_NAME:
            raise UsageError(
                f"More than {MAX_FIELDS_A_NAME} fields in {name!r}.", next_step=_EXAMPLE, code="template.bad"
            )
    for match in _PIECE.finditer(text):
        field, deep, some, plain, stray = match.groups()
        if stray is not None or (field is not None and field not in _FIELDS):
            raise UsageError(
                f"{match[0]!r} is no field. There are: {', '.join('{' + f + '}' for f in _FIELDS)}, * and **.",
                next_step=_EXAMPLE, code="template.bad",
            )  # fmt: skip
        if field in _TAGS and field in seen:
            raise UsageError(f"{{{field}}} stands twice.", next_step=_EXAMPLE, code="template.bad")
        if field is not None:
            seen.add(field)
            out.append(f"(?P<{field}>{_FIELDS[field]})" if field in _TAGS else f"(?:{_FIELDS[field]})")
        elif deep:
            out.append("(?:.*/)?" if deep.endswith("/") else ".*")
        else:
            out.append("[^/]*" if some else re.escape(plain))
    if not seen & set(_TAGS):
        raise UsageError(
            "The template names nothing: it needs {project}, {scene}, {shot} or {character}.", next_step=_EXAMPLE,
            code="template.bad",
        )  # fmt: skip
    whole = "".join(out)
    greedy = whole.replace("[^/]+?", "[^/]+")
    return Template(text, tuple(re.compile(one, re.IGNORECASE) for one in dict.fromkeys((whole, greedy))))


_EXAMPLE = "An example: {project}/{scene}/{shot}_{character}_v{version}.{ext}"


def read(template: Template, path: str, who: Callable[[str], str | None]) -> tuple[list[Tag], str | None]:
    """(tags, a character's name that nobody goes by) of a path; both empty if the template does not fit it."""
    if any(len(name) > _NAME_CHARS for name in path.split("/")):
        return [], None
    readings = [match.groupdict() for pattern in template.patterns if (match := pattern.fullmatch(path))]
    if not readings:
        return [], None
    fields = next((one for one in readings if who(one.get("character", "")) is not None), readings[0])
    tags, unknown = [], None
    for field, value in fields.items():
        term: str | None = value
        if field == "character":
            term = who(value)
            unknown = value if term is None else None
        if term is not None:
            tags.append(Tag(_TAGS[field], term, "path", CONFIDENCE, value))
    return tags, unknown
