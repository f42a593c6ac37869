"""LaTeX to outlines, and to words."""
