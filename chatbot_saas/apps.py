from django.apps import AppConfig


class PlatformConfig(AppConfig):
    name = "chatbot_saas"

    def ready(self) -> None:
        # Tasks sent by any process, a command's too, go to this application's broker.
        from chatbot_saas.celery import app
        from chatbot_saas.realtime.layer import send_notices
        from tenants import notices

        app.set_default()
        # A key is revoked or a workspace suspended in any process, a command's too.
        notices.send_with(send_notices)
