"""The developers' API: one file per resource."""
