"""The product's settings, with one app's migrations of this release."""

from chatbot_saas.settings import *  # noqa: F403

MIGRATION_MODULES = {"workspace": "bench.drill.releases.third.migrations"}
