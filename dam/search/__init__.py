"""Find assets: the query language, what is indexed of an asset, and the full-text index with facets.

Documents come in as dataclasses, hits go out as ids. This room knows no database: every page of hits is checked again
in the catalogue before it is shown, and the index can be thrown away and rebuilt from the catalogue at any time.
"""
