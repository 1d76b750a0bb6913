"""Tasks that only tests send: each leaves a canary in the tenant that it believes to work for."""

import random
import time

from celery import Task, shared_task

from core.redis import sync_redis
from tenants.work.tasks import TenantTask
from tenants.workspace.models import AuditEvent
from tenants.workspace.services import record_event


@shared_task(base=TenantTask, name="tests.leave_canary")
def leave_canary(canary: str, run: str) -> None:
    time.sleep(random.uniform(0, 0.01))
    seen = list(AuditEvent.objects.values_list("action", flat=True))
    foreign = [other for other in seen if other.split(":")[0] != canary.split(":", maxsplit=1)[0]]
    record_event(action=canary, actor="task")
    sync_redis("events").rpush(f"test:{run}", canary, *[f"FOREIGN {other}" for other in foreign])


@shared_task(base=TenantTask, name="tests.retry_once", bind=True, max_retries=2)
def retry_once(self: "Task[[str, str], None]", canary: str, run: str) -> None:
    if self.request.retries == 0:
        raise self.retry(countdown=0)
    leave_canary(canary, run)
