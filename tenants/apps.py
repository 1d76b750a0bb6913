from django.apps import AppConfig


class TenantsConfig(AppConfig):
    name = "tenants"
    verbose_name = "Workspaces"

    def ready(self) -> None:
        from celery.signals import worker_ready

        from tenants.outbox import audit, moved, running, writing
        from tenants.schemas.moving import moves_along
        from tenants.work import tasks, tickets, watch
        from tenants.workspace import services

        tickets.on_wake(tasks.wake_workers)
        watch.watch_worker(tasks.do_due_tickets)
        watch.watch_beat()
        moves_along(moved.leave_events)
        services.on_recorded(audit.tell_audited)
        writing.on_written(running.wake_relay)
        worker_ready.connect(running.start_relay, weak=False)
