"""Places where steps run. A target is one class with one `stream`, and one line in `registry`."""
