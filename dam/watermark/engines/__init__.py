"""One file per watermark engine; each defines `PLUGIN` with the shape of `dam.watermark.contract.Watermarker`."""
