"""Every file of a folder inspected in a process of its own: what an answer is when nothing else was ever read.

usage: python -m tests.support.apart FOLDER OUT      (writes a pickle: name -> (probe and claims, inspection), as reprs)

The processes are forked from one that has imported the reading rooms and has read no file.
"""

import os
import pickle
import sys
from pathlib import Path

from dam.ingest.inspection import inspect_file
from dam.media.probe import probe
from dam.metadata.read import read_claims, readers_found


def answer(path):
    """(probe and claims, whole inspection) as texts: equal texts are equal answers, to the last byte and order."""
    found = probe(path)
    return repr((found, read_claims(found))), repr(inspect_file(path, None))


def _forked(path):
    reading, writing = os.pipe()
    child = os.fork()
    if child == 0:
        with os.fdopen(writing, "wb") as pipe:
            pipe.write(pickle.dumps(answer(path)))
        os._exit(0)
    os.close(writing)
    with os.fdopen(reading, "rb") as pipe:
        data = pipe.read()
    _, status = os.waitpid(child, 0)
    if status:
        raise SystemExit(f"{path}: the process ended with {status}")
    return pickle.loads(data)


if __name__ == "__main__":
    readers_found()
    answers = {name: _forked(os.path.join(sys.argv[1], name)) for name in sorted(os.listdir(sys.argv[1]))}
    Path(sys.argv[2]).write_bytes(pickle.dumps(answers))
