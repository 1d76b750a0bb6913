"""From a visitor's question to a saved and charged answer."""
