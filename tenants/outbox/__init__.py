"""Events to the outside: rows of the tenant's own transactions, and the relay that delivers them."""
