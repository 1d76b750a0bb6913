"""Users, memberships, sessions and roles."""
