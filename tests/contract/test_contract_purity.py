"""One file's answer never depends on another's: any order, any number of threads, or a process of its own."""

import os
import pickle
import random
import subprocess
import sys
from concurrent.futures import ThreadPoolExecutor

import pytest

from tests.support import corpus
from tests.support.apart import answer

NIGHTLY = os.environ.get("HYPOTHESIS_PROFILE") == "nightly"


@pytest.fixture(scope="module")
def folder(tmp_path_factory):
    made = tmp_path_factory.mktemp("corpus")
    files = corpus.honest(tmp_path_factory.mktemp("keys")) | (corpus.shared_files() if NIGHTLY else {})
    for name, data in files.items():
        (made / name).write_bytes(data)
    return made


@pytest.fixture(scope="module")
def alone(folder, tmp_path_factory):
    """What each file says in a fresh process. Texts hash differently there, so an order by hash would show as well."""
    out = tmp_path_factory.mktemp("alone") / "answers.pickle"
    environment = {**os.environ, "PYTHONPATH": os.pathsep.join(sys.path), "PYTHONHASHSEED": "12345"}
    subprocess.run([sys.executable, "-m", "tests.support.apart", folder, out], check=True, env=environment, timeout=300)
    return pickle.loads(out.read_bytes())


def differing(alone, found):
    return [name for name, said in found if said != alone[name]]


def test_the_corpus_makes_the_readers_speak(alone):
    said = "".join(text for pair in alone.values() for text in pair)
    names = "a1111 aigc c2pa comfyui drawthings easydiffusion fooocus grok invokeai iptc_xmp midjourney novelai swarmui"
    assert [name for name in names.split() if f"reader='{name}'" not in said] == []


def test_the_corpus_is_the_same_in_every_run():
    assert corpus.honest() == corpus.honest()


@pytest.mark.parametrize("order", range(5))
def test_no_order_changes_an_answer(folder, alone, order):
    names = sorted(alone)
    random.Random(order).shuffle(names)
    assert differing(alone, [(name, answer(str(folder / name))) for name in names]) == []


def test_eight_threads_give_the_answers_of_fresh_processes(folder, alone):
    names = sorted(alone) * 3
    random.Random(8).shuffle(names)
    with ThreadPoolExecutor(8) as pool:
        found = list(zip(names, pool.map(lambda name: answer(str(folder / name)), names), strict=True))
    assert differing(alone, found) == []
