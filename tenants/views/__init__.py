"""Pages about people: signing in, accounts, members, workspaces."""
