"""Pages of the dashboard about chatbots and what was said to them."""
