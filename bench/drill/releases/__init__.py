"""Later releases, each with one column more in a table of every tenant."""
