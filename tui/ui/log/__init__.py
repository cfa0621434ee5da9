"""The log: everything a command printed, kept compactly, drawn line by line, searched and followed."""
