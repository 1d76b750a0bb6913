"""The platform's price list: plans, subscriptions and dated prices, shared by all tenants."""
