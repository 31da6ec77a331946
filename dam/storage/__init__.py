"""Where our own bytes live: thumbnails and protected copies on the local disk.

Everything is written to a temporary file, synced and renamed, to a path that is derived from its source's content: a
stage that runs twice writes the same place, and a reader never sees half a file. Originals are never touched here.
"""
