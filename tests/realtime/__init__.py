"""The visitors' socket and the channel layer."""
