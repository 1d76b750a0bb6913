"""Pages of a tenant's host about use and cost."""

from django.urls import path

from billing import pages

urlpatterns = [
    path("usage", pages.usage, name="usage"),
    path("usage.csv", pages.usage_csv, name="usage_csv"),
]
