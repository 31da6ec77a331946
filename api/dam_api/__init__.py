"""The HTTP door: a REST API and a server-rendered web UI over one open service. Parses, calls one use case, renders."""
