"""What the reference tells beside the description: examples and what to do about errors."""
