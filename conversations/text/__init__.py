"""Text as people read it: sentences and blocks."""
