from django.apps import AppConfig


class PlatformConfig(AppConfig):
    name = "chatbot_saas"

    def ready(self) -> None:
        # Tasks sent by any process, a command's too, go to this application's broker.
        from chatbot_saas.celery import app

        app.set_default()
