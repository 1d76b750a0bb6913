"""How often something may be tried: turns, API requests, forms."""
