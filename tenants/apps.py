from django.apps import AppConfig


class TenantsConfig(AppConfig):
    name = "tenants"
    verbose_name = "Workspaces"

    def ready(self) -> None:
        from tenants.work import tasks, tickets, watch

        tickets.on_wake(tasks.wake_workers)
        watch.watch_worker(tasks.do_due_tickets)
        watch.watch_beat()
