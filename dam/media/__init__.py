"""Open one file safely: what it is, what texts it carries, its pixels, its thumbnails, and a re-encoded copy.

Everything here is a pure function of a file's bytes. It does not interpret metadata (that is `dam.metadata`), keeps
nothing between files, and never writes to the file it reads.
"""
