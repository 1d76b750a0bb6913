"""What is looked at before Django sees a request: its body, its sender, and what was just refused."""
