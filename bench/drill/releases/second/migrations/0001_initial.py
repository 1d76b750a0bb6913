"""The product's own first migration."""

from importlib import import_module

Migration = import_module("tenants.workspace.migrations.0001_initial").Migration
