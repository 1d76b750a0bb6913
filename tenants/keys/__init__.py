"""API keys and the tokens made of them."""
