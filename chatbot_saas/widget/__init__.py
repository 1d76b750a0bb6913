"""What other sites embed, and the page that the platform hosts for them."""
