"""A database is lost in the middle of work and comes back from a copy and the log that was streamed."""
