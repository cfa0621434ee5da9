"""Questions to the reader. Every dialog can be answered by keyboard and mouse, fits 80×24, and says no when it is left by esc."""
