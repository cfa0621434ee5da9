"""The first moment of a guide: its first lines, while the rest is being read."""
