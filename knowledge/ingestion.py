"""The stages from a stored file to passages that can be found."""
