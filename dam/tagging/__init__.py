"""What an asset shows and where it belongs: characters, scenes, shots and projects, read from prompts, LoRA names and
paths. Pure: the catalogue keeps what is found, and people's confirmations and refusals stand above it.
"""
