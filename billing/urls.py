"""Paths of this app."""

from django.urls import URLPattern

from billing import usage_api

urlpatterns: list[URLPattern] = usage_api.urlpatterns
