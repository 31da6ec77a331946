"""The stages of one file and the workers that run them: admit, pixels, protect; and the index that follows.

Every stage is idempotent and keyed by content, stage and stage version. What is due stands in the catalogue; a worker
that dies loses nothing, and what it had done is not done twice.
"""
