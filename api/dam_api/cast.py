"""/characters, /terms and /assets/{asset}/tags: who and what assets show."""

from typing import Annotated, Any

from fastapi import APIRouter, Query, Response

from dam.service.library import Service
from dam_api.deps import AssetId, Library
from dam_api.problems import described
from dam_schemas.cast import BibleIn, CharacterIn, CharacterOut, TaggedOut, TagIn, TagOut, TermOut

router = APIRouter(tags=["cast"])


@router.get("/characters", responses=described())
def characters(service: Library) -> list[CharacterOut]:
    return [CharacterOut.model_validate(row) for row in service.cast.characters()]


@router.post("/characters", status_code=201, responses=described(400, 404, 409))
def add_character(body: CharacterIn, response: Response, service: Library) -> CharacterOut:
    made = _write(service, body.name, body, new=True)
    response.headers["Location"] = f"/api/v1/characters/{made.id}"
    return made


@router.get("/characters/{name}", responses=described(404))
def character(name: str, service: Library) -> CharacterOut:
    """One character, by name, alias or id, with every version of its bible."""
    return CharacterOut.model_validate(service.cast.character(name))


@router.patch("/characters/{name}", responses=described(400, 404, 409))
def set_character(name: str, body: BibleIn, service: Library) -> CharacterOut:
    """Write a new version of its bible; every asset that it changes is tagged anew."""
    return _write(service, name, body, new=False)


@router.delete("/characters/{name}", responses=described(404))
def retire_character(name: str, service: Library) -> CharacterOut:
    """No longer look for it. Its bibles, and what people said, stay. Answers with what was retired."""
    gone = service.cast.retire(name, person=service.reviews.person())
    return CharacterOut.model_validate(gone)


@router.get("/terms", responses=described(400))
def terms(service: Library, kind: Annotated[str | None, Query(max_length=40)] = None) -> list[TermOut]:
    return [TermOut.model_validate(row) for row in service.cast.terms(kind)]


@router.get("/assets/{asset}/tags", responses=described(404))
def tags(asset: AssetId, service: Library) -> list[TagOut]:
    return [TagOut.model_validate(row) for row in service.cast.of(asset)]


@router.post("/assets/{asset}/tags", responses=described(400, 404))
def say(asset: AssetId, body: TagIn, service: Library) -> TaggedOut:
    """Say that the asset shows that, that it does not, or take it back."""
    who = service.reviews.person(body.person)
    (made,) = service.cast.say([asset], body.kind, body.name, confirmed=body.confirmed, person=who)
    return TaggedOut.model_validate(made)


def _write(service: Service, name: str, body: BibleIn, *, new: bool) -> CharacterOut:
    said: dict[str, Any] = body.model_dump(exclude_unset=True, exclude={"name", "person"})
    changes = {k: v if v is not None or k in ("must", "never") else [] for k, v in said.items()}
    made = service.cast.write(name, changes, person=service.reviews.person(body.person), new=new)
    return CharacterOut.model_validate(made)
