"""The use cases, a file a noun: the only thing the doors hold. What one door can do, all can.

`library.open_service` wires a library for work; `finding.Finder` is the light half (reads and search) that starts
without the ORM, the decoders and the signer.
"""
