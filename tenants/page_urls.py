"""Pages of a tenant's host: log-in, account, members."""

from django.urls import URLPattern

urlpatterns: list[URLPattern] = []
