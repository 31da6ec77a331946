"""256-bit DCT hash: the confirmation. Up to 48 bits: recall .997, at most 1 false match in 132,590 pairs (measured)."""

from dam.fingerprint.dct import DctHash

PLUGIN = DctHash("phash256/luma512.1", side=16, same_below=48)
