"""/collections: what people put together, and searches that they saved."""

from fastapi import APIRouter, Response

from dam.service.collections import table
from dam_api.deps import Library
from dam_api.problems import described
from dam_schemas.asset import AssetOut
from dam_schemas.collections import CollectedOut, CollectionIn, CollectionOut, ItemsIn

router = APIRouter(tags=["collections"])


@router.get("/collections", responses=described())
def collections(service: Library) -> list[CollectionOut]:
    return [CollectionOut.model_validate(row) for row in service.collections.all()]


@router.post("/collections", status_code=201, responses=described(400, 404, 409))
def create(body: CollectionIn, response: Response, service: Library) -> CollectionOut:
    who = service.reviews.person(body.person)
    made = service.collections.create(body.name, assets=body.assets, query=body.query, person=who)
    response.headers["Location"] = f"/api/v1/collections/{made['id']}"
    return CollectionOut.model_validate(made)


@router.get("/collections/{name}", responses=described(404))
def collection(name: str, service: Library) -> CollectedOut:
    """One, by name or id, with its assets; of a saved search what it finds now."""
    found = CollectionOut.model_validate(service.collections.get(name))
    cards = [AssetOut.model_validate(card) for card in service.collections.cards(name)]
    return CollectedOut(collection=found, assets=cards)


@router.get("/collections/{name}/csv", response_class=Response, responses=described(404))
def as_csv(name: str, service: Library) -> Response:
    """Its assets as a table (RFC 4180)."""
    headers = {"Content-Disposition": 'attachment; filename="collection.csv"'}
    return Response(table(service.collections.cards(name)), media_type="text/csv; charset=utf-8", headers=headers)


@router.post("/collections/{name}/items", responses=described(400, 404))
def add(name: str, body: ItemsIn, service: Library) -> CollectionOut:
    who = service.reviews.person(body.person)
    return CollectionOut.model_validate(service.collections.add(name, body.assets, person=who))


@router.delete("/collections/{name}/items/{item}", responses=described(400, 404))
def remove(name: str, item: str, service: Library) -> CollectionOut:
    """Take an asset out. It stays in the library."""
    gone = service.collections.remove(name, [item], person=service.reviews.person())
    return CollectionOut.model_validate(gone)


@router.delete("/collections/{name}", responses=described(404))
def drop(name: str, service: Library) -> CollectionOut:
    """Forget it; its assets stay. Answers with what was forgotten."""
    return CollectionOut.model_validate(service.collections.drop(name, person=service.reviews.person()))
