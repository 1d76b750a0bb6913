"""`manage.py runserver`: Daphne, for those who change the product."""
