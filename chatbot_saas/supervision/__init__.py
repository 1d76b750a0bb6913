"""`manage.py up`: every process of the product under one parent, with nothing left behind."""
