"""The library: what there is to read and do."""
