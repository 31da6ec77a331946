"""Invisible marks in pixels: the 64-bit id that leads back to an asset when all metadata has been stripped.

This room embeds and detects. It does not know assets, registries or files: callers hand it decoded pixels and a key,
and compare the picture with the registered fingerprint after a detection (a mark can be copied onto another picture).
The absence of a mark proves nothing.
"""
