"""`manage.py demo`: makes the demo workspace, or finds it, and asks it a question."""

import time
from typing import Any

from django.core.management.base import BaseCommand, CommandParser

from chatbot_saas.demo.access import Access, access_file, open_access, save_access
from chatbot_saas.demo.documents import IngestionStatus, hand_in, wait_until_ready
from chatbot_saas.demo.question import ask, wait_for_web

# Answered by docs/running.md alone.
QUESTION = "Why do the embedded servers run as nobody when root starts them?"
REPORT_EVERY = 2.0


class Command(BaseCommand):
    # Its own start needs no checks, and they would cost a second of it.
    requires_system_checks = []
    help = "Make the demo workspace with the product's own documents and ask it one question."

    def add_arguments(self, parser: CommandParser) -> None:
        parser.add_argument(
            "--wait", type=float, default=2.0, help="seconds to wait for the web (default 2)"
        )

    def handle(self, *args: Any, **options: Any) -> None:
        web_deadline = time.monotonic() + options["wait"]
        access, tenant_id = open_access()
        count = hand_in(tenant_id)
        self._say(f"Reading {count} documents of its own …")
        status = wait_until_ready(tenant_id, self._reporter())
        self._say(f"  {status.ready} of {status.total} can be asked")
        for sentence in status.failed:
            self._say(f"  not read: {sentence}")
        # The documents are read meanwhile, so that waiting costs nothing.
        wait_for_web(access, web_deadline)
        self._ask(access)
        save_access(access)
        self._say_where(access)

    def _reporter(self) -> Any:
        told = time.monotonic()

        def report(status: IngestionStatus) -> None:
            nonlocal told
            if time.monotonic() - told >= REPORT_EVERY:
                told = time.monotonic()
                self._say(f"  {status.ready} of {status.total} can be asked")

        return report

    def _ask(self, access: Access) -> None:
        self._say(f"\nQuestion: {QUESTION}\n")
        citations = ask(access, QUESTION, self._stream)
        self._say("\n")
        for citation in citations:
            page = f", page {citation['page']}" if citation.get("page") else ""
            self._say(f"[{citation['n']}] {citation['title']}{page}: “{citation['quote']}”")

    def _say_where(self, access: Access) -> None:
        port = access.base_url.rpartition(":")[2]
        self._say(f"""
Dashboard  http://{access.tenant_host}:{port}/  (admin_email, admin_password)
Sign-up    http://localhost:{port}/
Widget     {access.base_url}/demo/shop  (on a page like somebody else's shop)
Chat page  http://{access.tenant_host}:{port}/c/{access.chatbot_id}
API        {access.base_url}/v1  (OpenAI-compatible; bearer key: secret_key)
Operator   {access.base_url}/admin/  (operator_email, operator_password)
WebSocket  {access.base_url.replace("http", "ws", 1)}/ws/chat/  (Host: {access.tenant_host})
Health     {access.base_url}/readyz
Keys       {access_file()}
""")

    def _stream(self, text: str) -> None:
        self.stdout.write(text, ending="")
        self.stdout.flush()

    def _say(self, text: str) -> None:
        self.stdout.write(text)
        self.stdout.flush()
