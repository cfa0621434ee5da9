"""Actions: steps too delicate for a bare command, written in Python and named in a guide."""
