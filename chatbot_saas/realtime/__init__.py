"""The visitors' socket."""
