"""The parts of the tiled spread-spectrum mark: patterns of a key, the canonical plane, reading, searching, rehearsing.

Only `dam.watermark.engines.tilemark` uses them. Nothing here knows files, ids of assets or C2PA.
"""
