"""Markdown in, Guide out. Nothing here starts a process or writes to a document."""
