"""Beat with a quick schedule of its own: `celery -A tests.reliability.beats beat`."""

import os

from chatbot_saas.celery import app
from tenants.work.schedule import SharedScheduler

NAME = os.environ["TEST_BEAT"]


class QuickScheduler(SharedScheduler):
    lease = f"test:{NAME}"
    lasts = 2_000


if os.environ.get("TEST_BEAT_SHARED") == "1":
    app.conf.beat_scheduler = "tests.reliability.beats:QuickScheduler"
else:
    app.conf.beat_scheduler = "celery.beat:Scheduler"
app.conf.beat_schedule = {
    "tick": {"task": "tests.tick", "schedule": 0.2, "options": {"queue": NAME, "expires": 60}}
}
