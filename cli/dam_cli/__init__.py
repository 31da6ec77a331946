"""The command line: a door. Each command parses, calls one use case and renders; rooms are imported inside commands."""
