"""The demo workspace: real documents, one real question, and the keys to go on with."""
