"""Files to text with places: one adapter for each format, run in a child process."""
