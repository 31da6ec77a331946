"""Headwater: find it, prove it, and never lose a decision.

The core knows no web and no terminal. Rooms and their rules: docs/architecture.md.
"""

__version__ = "0.1.0"
