"""What leaves the house as proof: evidence bundles, planned (pure), written, and checked from the zip alone.

It asks no database and no network; the service gathers the facts and hands them in. See docs/evidence.md.
"""
