"""Who may enter, and into which tenant: tenants, domains, users, keys, context, work tickets."""
