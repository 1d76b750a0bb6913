"""API routes about keys and tokens."""

from tenants import key_api, token_api

urlpatterns = [*key_api.urlpatterns, *token_api.urlpatterns]
