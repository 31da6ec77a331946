"""Files that take down the process that reads them, as a broken decoder would: a real signal, no mock."""

SITE = """
import os, signal, sys

def _on(event, args):
    if event == "open" and isinstance(args[0], (str, bytes)) and "POISON" in os.fsdecode(args[0]):
        os.kill(os.getpid(), signal.SIGSEGV)

sys.addaudithook(_on)
"""


def folder(tmp_path):
    """A folder for the front of PYTHONPATH: with it, opening a file with POISON in its path is deadly."""
    here = tmp_path / "site"
    here.mkdir()
    (here / "sitecustomize.py").write_text(SITE)
    return here
