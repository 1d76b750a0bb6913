"""The settings of a later release, which changes a table that is in use."""

from chatbot_saas.settings import *  # noqa: F403
from chatbot_saas.settings import INSTALLED_APPS, SHARED_APPS

SHARED_APPS = [*SHARED_APPS, "tests.tenants.busy_app"]
INSTALLED_APPS = [*INSTALLED_APPS, "tests.tenants.busy_app"]
