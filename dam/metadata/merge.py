"""One answer from all claims of a file."""

from collections.abc import Sequence
from dataclasses import dataclass, fields, replace

from dam.metadata import source_type
from dam.model import Claim, Generation, Input, Stage

# Readers whose text was written by the tool itself come before labels that others add.
_LABELS = frozenset(("c2pa", "iptc_xmp", "aigc", "maker"))
_SIZE = ("width", "height")
_WHO = ("tool", "tool_version", "model", "prompt")


@dataclass(frozen=True, slots=True)
class Merged:
    """The file's one answer. `notes` say where carriers contradict each other."""

    generation: Generation | None
    ai_generated: bool | None
    digital_source_type: str | None
    notes: tuple[str, ...] = ()


def merge(claims: Sequence[Claim]) -> Merged:
    """Merge claims by these rules (docs/formats.md; a test holds each of them).

    1. What a generator wrote for itself (prompt texts, graphs) beats labels (C2PA, IPTC, AIGC): where such a text has
       spoken, labels fill nothing. Among labels C2PA speaks before the others.
    2. A ComfyUI graph comes before any other text, because nodes write A1111's form too.
    3. Then confidence decides, then how many fields a claim knows, then the carrier's name.
    4. Weaker claims fill only what stronger ones leave open. A tool's version comes from the claim that names the same tool;
       width and height come from one claim, both or none; LoRAs from the first claim that has any; stages too, unless it
       names another tool than the answer and the answer has a prompt already. Inputs are united by name or hash.
    5. Width and height are what was generated. Pixel size is the file's (`Media`), and neither ever fills the other.
    6. A carrier that says AI wins over one that says camera, and any statement wins over silence. The digital source type
       follows the winning side.
    """
    spoken = sorted((c for c in claims if c.generation is not None), key=_order)
    texts = [c for c in spoken if c.reader not in _LABELS]
    generation = _united([c.generation for c in texts or spoken if c.generation is not None])
    says = [c.ai_generated for c in claims if c.ai_generated is not None]
    ai = True if True in says else False if says else None
    return Merged(generation, ai, _source_type(claims, ai), _notes(claims, texts, spoken))


def _order(claim: Claim) -> tuple[int, float, int, str]:
    generation = claim.generation or Generation()
    known = sum(getattr(generation, f.name) not in (None, ()) for f in fields(Generation))
    return (_rank(claim), -claim.confidence, -known, claim.carrier)


def _rank(claim: Claim) -> int:
    """Graph, text, C2PA, other labels."""
    if claim.reader in _LABELS:
        return 2 if claim.reader == "c2pa" else 3
    return 0 if claim.reader == "comfyui" else 1


def _united(generations: Sequence[Generation]) -> Generation | None:
    if not generations:
        return None
    result = generations[0]
    for other in generations[1:]:
        same_tool = result.tool is None or other.tool == result.tool
        changes = {
            f.name: getattr(other, f.name)
            for f in fields(Stage)
            if getattr(result, f.name) in (None, ()) and f.name not in _SIZE and (f.name != "tool_version" or same_tool)
        }
        if result.width is None and result.height is None:
            changes |= {name: getattr(other, name) for name in _SIZE}
        stages = result.stages or (other.stages if same_tool or not result.prompt else ())
        result = replace(result, **changes, inputs=_inputs(result.inputs, other.inputs), stages=stages)
    return result


def _inputs(first: Sequence[Input], second: Sequence[Input]) -> tuple[Input, ...]:
    """The union, where an input of the same name or hash is one."""
    found = list(first)
    places: dict[tuple[str, str | None], int] = {}
    for at, known in enumerate(found):
        _note(places, known, at)
    for each in second:
        same = [places[key] for key in _keys(each) if key in places]
        if not same:
            _note(places, each, len(found))
            found.append(each)
        else:
            at = min(same)
            known = found[at]
            found[at] = Input(known.name or each.name, known.sha256 or each.sha256, known.role or each.role)
            _note(places, found[at], at)
    return tuple(found)


def _keys(each: Input) -> list[tuple[str, str | None]]:
    return [key for key in (("name", each.name), ("sha256", each.sha256)) if key[1] is not None]


def _note(places: dict[tuple[str, str | None], int], each: Input, at: int) -> None:
    for key in _keys(each):
        places[key] = min(places.get(key, at), at)


def _source_type(claims: Sequence[Claim], ai: bool | None) -> str | None:
    given = [c.digital_source_type for c in claims if c.digital_source_type]
    agreeing = [s for s in given if source_type.says_ai(s) == ai]
    return next(iter(agreeing or given), None)


def _notes(claims: Sequence[Claim], texts: Sequence[Claim], spoken: Sequence[Claim]) -> tuple[str, ...]:
    notes = []
    yes = sorted({c.carrier for c in claims if c.ai_generated is True})
    no = sorted({c.carrier for c in claims if c.ai_generated is False})
    if yes and no:
        notes.append(f"{', '.join(yes)} says AI, {', '.join(no)} says not")
    for name in _WHO:
        values = {str(v): c.carrier for c in spoken if c.generation and (v := getattr(c.generation, name))}
        if len(values) > 1 and texts:
            notes.append(f"{name}: " + "; ".join(f"{carrier}: {value[:80]}" for value, carrier in values.items()))
    return tuple(notes)
