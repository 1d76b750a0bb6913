"""The Celery application. Its schedule is fixed: what a tenant schedules is a work ticket."""

import os

from celery import Celery
from celery.signals import beat_init, celeryd_init

from chatbot_saas import observation

os.environ.setdefault("DJANGO_SETTINGS_MODULE", "chatbot_saas.settings")

app = Celery("chatbot_saas")
app.config_from_object("django.conf:settings", namespace="CELERY")
# Worker and beat begin here and not in `asgi`, so this is where their faults are heard.
celeryd_init.connect(observation.start, weak=False)
beat_init.connect(observation.start, weak=False)
# Named and not searched for: tasks stand in inner packages, beside what they serve.
app.conf.imports = (
    "conversations.turns.tasks",
    "tenants.people.expiry",
    "tenants.people.mail",
    "tenants.work.tasks",
)
app.conf.beat_schedule = {
    # The net under every wake-up message that was lost.
    "work-tickets": {"task": "tenants.work_tickets", "schedule": 5.0, "options": {"expires": 5}},
    # Turns whose process is gone.
    "sweep-turns": {
        "task": "conversations.sweep_turns",
        "schedule": 20.0,
        "options": {"expires": 20},
    },
    "remove-expired": {
        "task": "tenants.remove_expired",
        "schedule": 3600.0,
        "options": {"expires": 3600},
    },
}
