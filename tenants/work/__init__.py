"""Work tickets, and the tasks that work them."""
