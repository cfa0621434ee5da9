"""The guide: document, panels, and the run between them."""
