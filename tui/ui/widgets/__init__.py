"""The small parts every screen is made of: title bar, step strip, key bar, tabs, bands."""
