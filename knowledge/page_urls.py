"""Pages of a tenant's host about documents."""

from django.urls import path

from knowledge import pages

urlpatterns = [
    path("knowledge", pages.knowledge, name="knowledge"),
    path("knowledge/upload", pages.upload, name="upload"),
    path("knowledge/progress", pages.progress, name="documents_progress"),
    path("knowledge/<uuid:document_id>", pages.document, name="document"),
    path("knowledge/<uuid:document_id>/delete", pages.delete_document, name="delete_document"),
]
