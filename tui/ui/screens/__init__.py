"""Whole screens. A screen decides; its widgets only tell."""
