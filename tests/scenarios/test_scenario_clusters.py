"""A drive full of versions of the same pictures: clusters, stacking, decisions that are merged as people say."""

import random

import cv2
import pytest
from PIL import Image

from dam.errors import NotFoundError, UsageError
from tests.support import pictures
from tests.support.libraries import copy_of, opened, sha256

FAMILIES = {"harbour": 7, "market": 4, "alley": 1}


def versions(folder, name, count, seed):
    """One large PNG and smaller, recompressed and brightened versions of it."""
    original = pictures.painted(seed, 640, 480)
    Image.fromarray(original).save(folder / f"{name}.png")
    for n in range(1, count):
        made = cv2.resize(original, (600 - 40 * n, 450 - 30 * n), interpolation=cv2.INTER_AREA)
        Image.fromarray(cv2.convertScaleAbs(made, alpha=1 + n / 100)).save(
            folder / f"{name} v{n}.jpg", quality=90 - 5 * n
        )


@pytest.fixture(scope="module")
def drive(tmp_path_factory):
    folder = tmp_path_factory.mktemp("versions")
    for seed, (name, count) in enumerate(FAMILIES.items(), 40):
        versions(folder, name, count, seed)
    Image.new("RGB", (300, 200), (40, 40, 40)).save(folder / "grey.png")
    Image.new("RGB", (310, 200), (40, 40, 40)).save(folder / "grey too.png")
    return folder


@pytest.fixture
def service(library, drive):
    with opened(library, protect="none") as made:
        made.roots.add(str(drive))
        made.passes.scan()
        yield made


def titles(service, cluster):
    return [card.title for card in service.stacks.show(cluster, limit=100).members]


def test_versions_of_one_picture_are_one_cluster_under_the_largest(service):
    found = service.stacks.list()
    assert [(one.members[0].title, one.size) for one in found] == [("harbour.png", 7), ("market.png", 4)]
    assert titles(service, "harbour v3.jpg")[0] == "harbour.png"
    assert set(titles(service, "market.png")) == {"market.png", *(f"market v{n}.jpg" for n in range(1, 4))}
    assert service.stacks.show("alley.png").size == 1
    assert [one.size for one in service.stacks.list(least=5)] == [7]
    assert [one.size for one in service.stacks.list(after=found[0].representative_id)] == [4]


def test_the_same_prompt_and_seed_are_a_family_however_they_look(library, tmp_path):
    folder = tmp_path / "takes"
    folder.mkdir()
    for seed, name in ((5, "one.png"), (6, "two.png"), (7, "three.png")):
        words = pictures.a1111("neon harbour" if name != "three.png" else "another idea", seed=42)
        pictures.put(folder, name, pictures.png(pictures.painted(seed), {"parameters": words}))
    with opened(library, protect="none") as made:
        made.roots.add(str(folder))
        made.passes.scan()
        assert made.stacks.show("one.png").family == (made.find.id_of("two.png"),)
        assert made.stacks.show("one.png").size == 1
        assert made.stacks.show("three.png").family == ()


def test_plain_pictures_stand_in_no_cluster(service):
    for name in ("grey.png", "grey too.png"):
        with pytest.raises(NotFoundError, match="no cluster"):
            service.stacks.show(name)


def test_search_finds_what_is_a_version_of_something(service):
    found = service.find.search("is:duplicate", limit=50)
    assert {card.title for card in found.assets} == {
        f"{name} v{n}.jpg" for name, count in FAMILIES.items() for n in range(1, count)
    }


@pytest.mark.parametrize("seed", [1, 2])
def test_any_order_of_arrival_gives_the_same_clusters(template_library, tmp_path, drive, service, seed):
    wanted = {one.representative_id and one.members[0].title: one.size for one in service.stacks.list()}
    folder = tmp_path / "drive"
    folder.mkdir()
    names = sorted(path.name for path in drive.iterdir())
    random.Random(seed).shuffle(names)
    with opened(copy_of(template_library, tmp_path / "other"), protect="none") as other:
        other.roots.add(str(folder))
        for at in range(0, len(names), 3):  # a pass after every third file: representatives come and go
            for name in names[at : at + 3]:
                (folder / name).write_bytes((drive / name).read_bytes())
            other.passes.scan()
        assert {one.members[0].title: one.size for one in other.stacks.list()} == wanted
        with other.parts.catalogue.reader() as reader:
            assert reader.one("SELECT count(*) FROM cluster") == sum(FAMILIES.values())


def test_clusters_go_on_where_they_stood_after_a_restart(service, library, drive, tmp_path):
    before = [(one.representative_id, one.size) for one in service.stacks.list()]
    folder = tmp_path / "more"
    folder.mkdir()
    with opened(library, protect="none") as again:
        assert again.parts.clustering.follow(again.parts.catalogue) == 0
        big = cv2.resize(pictures.painted(40, 640, 480), (1280, 960), interpolation=cv2.INTER_CUBIC)
        Image.fromarray(big).save(folder / "harbour master.png")
        again.roots.add(str(folder))
        again.passes.scan()
        found = again.stacks.list()
        assert (found[0].members[0].title, found[0].size) == ("harbour master.png", 8)
        assert [(one.representative_id, one.size) for one in found[1:]] == before[1:]
    service.passes.scan()  # the first service's memory is behind the rows now: it must notice
    assert service.stacks.list()[0].size == 8


def test_stacking_gives_the_undecided_the_decision_that_others_share_and_can_be_taken_back(service, drive):
    before = {path.name: sha256(path) for path in drive.iterdir()}
    service.reviews.decide("market.png", "approve", reason=None, person="ana")
    planned = service.stacks.resolve("market v2.jpg", person="ana", dry_run=True)
    assert len(planned.stacked) == len(planned.decided) == 3
    assert service.find.card("market v1.jpg").status == "unreviewed"

    done = service.stacks.resolve("market v2.jpg", person="ana")
    assert (done.front_id, done.verdict) == (service.find.id_of("market.png"), "approve")
    service.passes.follow()
    assert {service.find.card(f"market v{n}.jpg").status for n in range(1, 4)} == {"approved"}
    assert {card.title for card in service.find.search("is:stacked", limit=9).assets} == {
        f"market v{n}.jpg" for n in range(1, 4)
    }
    assert len(service.stacks.show("market.png").behind) == 3

    assert service.stacks.unstack("market v1.jpg", person="bo") == 1
    assert service.stacks.unstack("market.png", person="bo") == 2
    assert service.stacks.show("market.png").behind == ()
    with pytest.raises(NotFoundError, match="no stack"):
        service.stacks.unstack("market.png", person="bo")
    assert service.find.card("market v1.jpg").status == "approved"  # a decision is a person's, and stays
    with service.parts.catalogue.reader() as reader:
        rows = reader.rows("SELECT person, retracted_by FROM stack")
        actions = [row["action"] for row in reader.rows("SELECT action FROM audit_entry WHERE action LIKE 'cluster.%'")]
    assert rows == [{"person": "ana", "retracted_by": "bo"}] * 3
    assert actions == ["cluster.stacked", "cluster.unstacked", "cluster.unstacked"]
    assert {path.name: sha256(path) for path in drive.iterdir()} == before


def test_decisions_that_differ_are_a_persons_to_settle(service):
    service.reviews.decide("harbour.png", "approve", reason=None)
    service.reviews.decide("harbour v1.jpg", "reject", reason="SIX_FINGERS")
    with pytest.raises(UsageError) as refused:
        service.stacks.resolve("harbour.png", person="ana")
    assert refused.value.code == "cluster.decisions_differ"
    with pytest.raises(UsageError, match="needs a reason"):
        service.stacks.resolve("harbour.png", person="ana", merge="reject")
    kept = service.stacks.resolve("harbour.png", person="ana", merge="keep", front="harbour v1.jpg")
    assert kept.front_id == service.find.id_of("harbour v1.jpg")
    assert service.find.card("harbour.png").status == "approved"
    assert service.find.card("harbour v2.jpg").status == "unreviewed"
    done = service.stacks.resolve("harbour.png", person="ana", merge="approve")
    assert len(done.decided) == 6
    with service.parts.catalogue.reader() as reader:  # stacked anew: what stood before is taken back, not lost
        assert reader.one("SELECT count(*) FROM stack WHERE retracted_at IS NULL") == 6
        assert reader.one("SELECT count(*) FROM stack") == 12
    with pytest.raises(UsageError, match="not in the cluster"):
        service.stacks.resolve("harbour.png", person="ana", front="alley.png")
