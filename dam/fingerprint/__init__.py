"""Perceptual codes of pictures and the search for near-duplicates among them.

This room turns the canonical luma (made by `dam.media`) into codes and compares codes. It decodes no files, stores
nothing and knows no assets but their ids. A near-duplicate is a proposal to a person, never a proof.
"""
