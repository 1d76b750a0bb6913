"""What a workspace keeps about itself in its own schema: audit events."""
