"""What beat asks of the conversations."""

from celery import shared_task

from conversations.turns.sweep import sweep_all
from tenants.work.tasks import PlatformTask


@shared_task(base=PlatformTask, name="conversations.sweep_turns", ignore_result=True)
def sweep_turns() -> int:
    """Interrupts turns whose process is gone. Returns how many."""
    return sweep_all()
