"""`/v1/chatbots`, and what belongs to one of them."""
