"""The settings of a later release, which has a shared table more than the database."""

from chatbot_saas.settings import *  # noqa: F403
from chatbot_saas.settings import INSTALLED_APPS, SHARED_APPS

SHARED_APPS = [*SHARED_APPS, "tests.platform.later_app"]
INSTALLED_APPS = [*INSTALLED_APPS, "tests.platform.later_app"]
