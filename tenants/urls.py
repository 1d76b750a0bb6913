"""API routes about people."""

from django.urls import path

from tenants import token_api

urlpatterns = [
    path("v1/auth/token", token_api.ObtainView.as_view()),
    path("v1/auth/token/refresh", token_api.RefreshView.as_view()),
    path("v1/auth/token/revoke", token_api.RevokeView.as_view()),
]
