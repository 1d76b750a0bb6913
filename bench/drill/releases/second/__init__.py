"""The second release."""
