"""The demo drive: a small studio's folder of generated files, carried exactly as the tools write them.

Does: paint pictures, write metadata carriers, sound, video and timelines. Does not: know the catalogue or any reader.
"""
