"""The product's own second migration."""

from importlib import import_module

Migration = import_module("tenants.workspace.migrations.0002_audit_says_who").Migration
