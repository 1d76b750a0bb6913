"""The life of a workspace's schema: made, migrated, suspended, removed."""
