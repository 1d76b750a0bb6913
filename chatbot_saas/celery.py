"""The Celery application. Its schedule is fixed: what a tenant schedules is a work ticket."""

import os

from celery import Celery
from celery.signals import beat_init, celeryd_init, worker_ready

from chatbot_saas import exposition, observation

os.environ.setdefault("DJANGO_SETTINGS_MODULE", "chatbot_saas.settings")

app = Celery("chatbot_saas")
app.config_from_object("django.conf:settings", namespace="CELERY")
# Worker and beat begin here and not in `asgi`, so this is where their faults are heard.
celeryd_init.connect(observation.start, weak=False)
beat_init.connect(observation.start, weak=False)
worker_ready.connect(exposition.serve_worker, weak=False)
# Named and not searched for: tasks stand in inner packages, beside what they serve.
app.conf.imports = (
    "chatbot_saas.backoffice.failed_log_ins",
    "conversations.chatbots.unclaimed",
    "conversations.turns.tasks",
    "tenants.outbox.running",
    "tenants.people.expiry",
    "tenants.people.failed_log_ins",
    "tenants.people.mail",
    "tenants.work.tasks",
)
app.conf.beat_scheduler = "tenants.work.schedule:SharedScheduler"
app.conf.beat_schedule = {
    # The net under every wake-up message that was lost.
    "work-tickets": {"task": "tenants.work_tickets", "schedule": 5.0, "options": {"expires": 5}},
    # Turns whose process is gone.
    "sweep-turns": {
        "task": "conversations.sweep_turns",
        "schedule": 20.0,
        "options": {"expires": 20},
    },
    # Accounts that nobody has confirmed: a matter of days.
    "expire-unconfirmed": {
        "task": "conversations.expire_unconfirmed",
        "schedule": 21_600.0,
        "options": {"expires": 21_600},
    },
    "remove-expired": {
        "task": "tenants.remove_expired",
        "schedule": 3600.0,
        "options": {"expires": 3600},
    },
}
