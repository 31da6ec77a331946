"""One file a metadata reader, each with a `PLUGIN` of the shape `metadata.contract.Reader`."""
