"""What tools left in a file: claims read from its text carriers, and the one answer merged from them.

Readers (`readers/*.py`) are pure functions of a `media.probe.Probe`; `read.py` runs them, `merge.py` makes one generation.
This room opens no file, decodes no pixels and judges no signature (that is `provenance`).
"""
