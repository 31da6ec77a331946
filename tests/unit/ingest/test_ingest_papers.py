"""Ids in XMP become the same edges in whatever order the files arrive."""

import pytest
from sqlmodel import select

from dam.catalogue import documents
from dam.catalogue.documents import DocumentId
from dam.catalogue.tables import EdgeRow
from dam.ingest import papers, relate
from tests.support import ledger, pictures, rows
from tests.support.libraries import opened

NAMES = (
    'xmlns:m="http://ns.adobe.com/xap/1.0/mm/" xmlns:r="http://ns.adobe.com/xap/1.0/sType/ResourceRef#" '
    'xmlns:e="http://ns.adobe.com/xap/1.0/sType/ResourceEvent#" xmlns:c="http://ns.adobe.com/camera-raw-settings/1.0/"'
)


def iid(n):
    return f"xmp.iid:{n:08x}-5c4f-4b59-8923-b4d677249905"


def did(n):
    return f"xmp.did:{n:08x}-5c4f-4b59-8923-b4d677249905"


def packet(document, instance, *, inside="", more="", history=()):
    events = "".join(f'<rdf:li e:action="saved" e:instanceID="{iid(n)}"/>' for n in (*history, instance))
    return (
        '<x:xmpmeta xmlns:x="adobe:ns:meta/"><rdf:RDF xmlns:rdf="http://www.w3.org/1999/02/22-rdf-syntax-ns#">'
        f'<rdf:Description {NAMES} m:DocumentID="{did(document)}" m:InstanceID="{iid(instance)}" {more}>'
        f"<m:History><rdf:Seq>{events}</rdf:Seq></m:History>{inside}</rdf:Description></rdf:RDF></x:xmpmeta>"
    )


def picture(seed, text):
    return pictures.png(pictures.painted(seed, 40, 30), {"XML:com.adobe.xmp": text})


@pytest.fixture(scope="module")
def drive_files():
    from_second = f'<m:DerivedFrom r:instanceID="{iid(2)}" r:documentID="{did(1)}"/>'
    return {
        "first.png": picture(1, packet(1, 1)),
        "second.png": picture(2, packet(1, 2, history=(1,))),
        "third.png": picture(3, packet(1, 3, history=(1, 2))),
        "export.png": picture(4, packet(9, 9, history=(1, 2), inside=from_second)),
    }


def learned(library, files, order, tmp_path):
    folder = tmp_path / "drive"
    with opened(library, protect="none") as service:
        folder.mkdir()
        service.roots.add(str(folder), name="drive")
        for name in order:
            pictures.put(folder, name, files[name])
            service.passes.scan()
        names = {r["sha256"]: r["title"] for r in ledger.rows(library, "SELECT sha256, title FROM asset")}
        return {(rel, why, names[p], names[c]) for rel, why, p, c in ledger.edges(library) if why.startswith("xmp")}


@pytest.mark.parametrize("order", [(0, 1, 2, 3), (3, 2, 1, 0), (2, 0, 3, 1)])
def test_saves_and_exports_find_each_other_in_any_order_of_arrival(library, tmp_path, drive_files, order):
    names = [list(drive_files)[n] for n in order]
    assert learned(library, drive_files, names, tmp_path) == {
        ("revision_of", "xmp_history", "first.png", "second.png"),
        ("revision_of", "xmp_history", "second.png", "third.png"),
        ("derived_from", "xmp_instance", "second.png", "export.png"),
    }


def test_raw_file_that_lightroom_names_is_found_when_it_arrives_later(library, tmp_path):
    files = {
        "export.png": picture(5, packet(5, 5, more='c:RawFileName="DSC_7.png"')),
        "DSC_7.png": pictures.png(pictures.painted(6, 40, 30)),
    }
    found = learned(library, files, list(files), tmp_path)
    assert found == {("derived_from", "xmp_name", "DSC_7.png", "export.png")}


def test_file_whose_raw_file_is_itself_has_no_parent_of_that_name(library, tmp_path):
    files = {
        "a/IMG_1.png": picture(7, packet(7, 7, more='c:RawFileName="IMG_1.png"')),
        "b/IMG_1.png": pictures.png(pictures.painted(8, 40, 30)),
    }
    assert learned(library, files, list(files), tmp_path) == set()


def test_id_that_becomes_too_common_takes_its_edges_back(catalogue):
    with catalogue.change() as unit:
        drive = rows.root(unit)
        child = rows.asset(unit, "e", at=drive)
        documents.replace(unit, child, [DocumentId("document", did(2)), DocumentId("from_document", did(1))])
        for n in range(papers.HOLDER_LIMIT + 1):
            holder = rows.asset(unit, f"{n:02x}", at=drive, path=f"{n}.png", sha256=f"{n:064x}")
            documents.replace(unit, holder, [DocumentId("document", did(1)), DocumentId("instance", iid(n + 10))])
            before = _parents(unit, child)
            for waiting in papers.wanting(unit, holder):
                relate.settle(unit, waiting)
            if n == 0:
                assert len(_parents(unit, child)) == 1
        assert (len(before), len(_parents(unit, child))) == (16, 0)
        assert papers.wanting(unit, holder) == {child}
        extra = rows.asset(unit, "ff", at=drive, path="x.png", sha256="f" * 64)
        documents.replace(unit, extra, [DocumentId("document", did(1))])
        assert papers.wanting(unit, extra) == set()


def _parents(unit, child):
    return unit.session.exec(select(EdgeRow.parent_id).where(EdgeRow.child_id == child)).all()
