"""Zhinan 指南: opens a Markdown how-to guide and makes the document itself executable.

Import order is one way only (kept by import-linter, see `pyproject.toml`):
`texts, errors, secret <- config <- judge <- guide | target <- run <- act <- practice | ui <- cli`.
"""

__version__ = "0.1.0"
