"""C2PA: verdicts on files, trust tiers, keys, and signing of copies that we made.

It reads a file's manifests and says what they are worth (`verdict`, against the lists of `trust`) and whether they are
made as the conformance programme wants (`rubric`), makes the library's certificates (`keys`), says in checked words
what happened to a file (`statement`) and signs that into a new copy (`signing`). It never opens an original for
writing, never fetches anything from a network, decodes no pixels, writes no catalogue and decides no policy. Only
`sdk` knows c2pa-python.
"""
