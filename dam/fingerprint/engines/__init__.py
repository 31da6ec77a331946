"""One file per kind of code; each defines `PLUGIN` with the shape of `dam.fingerprint.contract.FingerprintEngine`."""
