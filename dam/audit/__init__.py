"""The audit trail's hash chain: how an entry is hashed, and how a chain is checked. Pure: stores and signs nothing."""
