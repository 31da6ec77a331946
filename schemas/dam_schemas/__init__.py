"""The shapes that leave the process: pydantic wire models, and the JSON Schemas generated from them in published/.

The API, `dam ... --json` and exports print the same models. No database, no import of `dam`: they are built from the
core's dataclasses by attribute names. A breaking change adds a model beside the old one.
"""
