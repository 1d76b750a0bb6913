from django.apps import AppConfig


class TenantsConfig(AppConfig):
    name = "tenants"
    verbose_name = "Workspaces"

    def ready(self) -> None:
        from tenants.work import tasks, tickets

        tickets.on_wake(tasks.wake_workers)
