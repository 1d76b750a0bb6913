"""Paths of this app."""

from django.urls import URLPattern, path

from knowledge.api import DocumentDetailView, DocumentsView

urlpatterns: list[URLPattern] = [
    path("v1/documents", DocumentsView.as_view()),
    path("v1/documents/<uuid:document_id>", DocumentDetailView.as_view()),
]
