"""What the dashboard and the operator's admin share: pages, forms, lists, charts, icons."""
