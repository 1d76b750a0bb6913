"""Paths of this app."""

from django.urls import URLPattern

from knowledge import api

urlpatterns: list[URLPattern] = api.urlpatterns
