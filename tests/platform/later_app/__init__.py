"""An app that only a later release has."""
