"""django-tenants' database backend, driven by the tenant context instead of by the connection."""
