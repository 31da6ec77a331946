"""Whatever happens to the drives, and in whatever order: after a pass the catalogue says what an independent model says."""

import random
import shutil
import tempfile
from pathlib import Path

import pytest
from hypothesis import settings as profile
from hypothesis import strategies as st
from hypothesis.stateful import (
    RuleBasedStateMachine,
    initialize,
    invariant,
    precondition,
    rule,
    run_state_machine_as_test,
)

from tests.support import chaos, ledger
from tests.support.libraries import copy_of, opened

NAMES = ("one", "two", "three")
SEEDS = st.integers(0, 2**32)


class Drives(RuleBasedStateMachine):
    """Three roots with markers; a step is an act on a drive, a pass, or a person's decision."""

    template = None  # a library to copy

    def __init__(self):
        super().__init__()
        self.folder = Path(tempfile.mkdtemp())
        self.library = copy_of(self.template, self.folder / "library")
        self.dice = random.Random(0)
        self.world = chaos.World(self.folder / "drives", NAMES, self._choose)
        self.context = opened(self.library, protect="none", missing_guard=1.0)
        self.service = self.context.__enter__()
        self.level = False  # whether nothing has happened since the last pass
        self.kept = {}

    def _choose(self, sequence):
        return self.dice.choice(sequence)

    @initialize(seed=SEEDS)
    def begin(self, seed):
        self.dice = random.Random(seed)
        for root in self.world.roots:
            self.service.roots.add(str(root.path), name=root.name)
        for _ in range(12):
            self.world.act(("create",))
        self.look()
        for root in self.world.roots:
            self.service.roots.mark(root.name, wanted=True)

    @rule(kind=st.sampled_from((*chaos.FILES, *chaos.SHAPES, *chaos.SHAPES, *chaos.DRIVES)), seed=SEEDS)
    def happens(self, kind, seed):
        self.dice = random.Random(seed)
        if self.world.act((kind,)):
            self.level = False

    @rule()
    def look(self):
        self.service.passes.scan()
        self.level = True

    @precondition(lambda self: self.level)
    @rule(pick=st.integers(0, 997), verdict=st.sampled_from(("approve", "reject")))
    def decide(self, pick, verdict):
        rows = ledger.rows(self.library, "SELECT id, sha256 FROM asset ORDER BY sha256")
        chosen = rows[pick % len(rows)]
        made = self.world.decisions.setdefault(chosen["sha256"], [])
        made.append(f"reason {len(made)}")
        self.service.reviews.decide(chosen["id"], verdict, reason=made[-1], person="ana")

    @invariant()
    def the_catalogue_is_as_the_world_is(self):
        if self.level:
            assert chaos.differences(self.world, self.library) == []

    @invariant()
    def nothing_is_ever_taken_away(self):
        for what, sql in chaos.KEPT.items():
            now = {r["k"] for r in ledger.rows(self.library, sql)}
            assert self.kept.get(what, set()) <= now, what
            self.kept[what] = now

    def teardown(self):
        self.world.settle()
        self.look()
        try:
            assert chaos.differences(self.world, self.library) == []
            assert self.service.find.verify_audit().ok
            assert ledger.rows(self.library, "SELECT * FROM intake") == []
        finally:
            self.context.__exit__(None, None, None)
            shutil.rmtree(self.folder)


@pytest.mark.slow
def test_any_order_of_events_ends_in_what_is_true(template_library):
    Drives.template = template_library
    steps = profile(max_examples=max(6, profile.default.max_examples // 10), stateful_step_count=20)
    run_state_machine_as_test(Drives, settings=steps)
