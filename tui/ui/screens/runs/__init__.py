"""Past runs: the list and the report."""
