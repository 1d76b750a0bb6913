"""Every page of a workspace, and the platform's own pages about people."""
