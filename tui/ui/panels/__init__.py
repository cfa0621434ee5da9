"""Panels tell what a run knows: they are given state and show it, and do not know each other."""
