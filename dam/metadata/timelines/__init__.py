"""Timeline readers, one file a format family: each tells which clips an edit uses. See metadata.timeline_contract."""
