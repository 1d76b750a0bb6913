"""As in the second release."""

from importlib import import_module

Migration = import_module("bench.drill.releases.second.migrations.0003_second").Migration
