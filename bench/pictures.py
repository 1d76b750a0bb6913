"""Takes the README's pictures from a running `make run`: `python -m bench.pictures`.

The demo is asked a month's worth of questions first, and their dates are spread over that month.
"""

import json
import os
import random
from datetime import timedelta
from pathlib import Path
from uuid import UUID

import django
import httpx
from django.db.models import F
from playwright.sync_api import Browser, Page, sync_playwright

from tests.browser.chromium import find_chromium

ROOT = Path(__file__).resolve().parent.parent
PICTURES = ROOT / "docs" / "pictures"
QUESTION = "How long are the events of a turn kept?"
QUESTIONS = [
    QUESTION,
    "Is a stopped answer charged?",
    "Why do the embedded servers run as nobody?",
    "Which file formats can be uploaded?",
    "What happens when Redis is away?",
    "How is a new tenant made?",
    "Which close code means that a key is unknown?",
    "How large may an upload be?",
    "What does the widget store in the browser?",
    "Who may invite members?",
    "What is the capital of Mongolia?",
    "Do you sell bicycles?",
]
_DAYS, _ASKED = 30, 160


def main() -> None:
    access = json.loads((ROOT / "var" / "demo.json").read_text(encoding="utf-8"))
    ask_for_a_month(access)
    with sync_playwright() as playwright:
        browser = playwright.chromium.launch(executable_path=find_chromium(), args=["--no-sandbox"])
        take_widget(browser, access)
        take_dashboard(browser, access)
        browser.close()


def ask_for_a_month(access: dict[str, str]) -> None:
    os.environ.setdefault("DJANGO_SETTINGS_MODULE", "chatbot_saas.settings")
    django.setup()
    headers = {"Authorization": f"Bearer {access['secret_key']}"}
    url = f"{access['base_url']}/v1/chatbots/{access['chatbot_id']}/turns"
    chosen = random.Random(7)
    with httpx.Client(headers=headers, trust_env=False, timeout=60) as http:
        for number in range(_ASKED):
            body = {"client_turn_id": f"picture-{number}", "text": chosen.choice(QUESTIONS)}
            answer = http.post(url, json=body)
            if answer.status_code == 429:
                break
            spread(access, UUID(answer.headers["x-conversation-id"]), chosen)


def spread(access: dict[str, str], conversation_id: UUID, chosen: random.Random) -> None:
    """Moves one conversation to a day of the month, more of them to working days."""
    from conversations.models import Conversation, Message, Turn
    from tenants.access import tenant_of_host
    from tenants.context import tenant_context

    back = timedelta(days=chosen.triangular(0, _DAYS, 3), minutes=chosen.randrange(600))
    with tenant_context(tenant_of_host(access["tenant_host"])):
        Conversation.objects.filter(pk=conversation_id).update(
            created_at=F("created_at") - back, last_message_at=F("last_message_at") - back
        )
        Message.objects.filter(conversation_id=conversation_id).update(
            created_at=F("created_at") - back
        )
        Turn.objects.filter(conversation_id=conversation_id).update(
            started_at=F("started_at") - back, ended_at=F("ended_at") - back
        )


def new_page(browser: Browser) -> Page:
    page = browser.new_page(viewport={"width": 1280, "height": 800}, reduced_motion="reduce")
    page.set_default_timeout(20_000)
    return page


def take_widget(browser: Browser, access: dict[str, str]) -> None:
    """Somebody else's shop, with an answer whose source is open."""
    page = new_page(browser)
    page.goto(f"{access['base_url']}/demo/shop")
    widget = page.locator("chatbot-widget")
    widget.locator(".launcher").click()
    widget.locator("textarea").fill(QUESTION)
    widget.locator("textarea").press("Enter")
    widget.locator(".reply .tools").first.wait_for()
    widget.locator(".reply button.cite").first.click()
    page.wait_for_timeout(500)
    page.screenshot(path=PICTURES / "widget.png")
    widget.locator("dialog button").first.click()
    widget.locator(".tools [aria-pressed]").first.click()


def take_dashboard(browser: Browser, access: dict[str, str]) -> None:
    port = access["base_url"].rpartition(":")[2]
    base = f"http://{access['tenant_host']}:{port}"
    page = new_page(browser)
    page.goto(f"{base}/login")
    page.get_by_label("E-mail address").fill(access["admin_email"])
    page.get_by_label("Password").fill(access["admin_password"])
    page.get_by_role("button", name="Log in").click()
    page.wait_for_url(f"{base}/")
    # The last step of the check-list, which then makes room for the numbers.
    page.goto(f"{base}/members")
    page.get_by_label("E-mail address").fill("colleague@demo.example")
    page.get_by_role("button", name="Invite").click()
    page.goto(f"{base}/")
    page.screenshot(path=PICTURES / "overview.png")
    page.goto(f"{base}/conversations")
    page.locator("main a.title").first.click()
    page.get_by_role("link", name="Why this answer").first.click()
    page.wait_for_load_state("networkidle")
    page.screenshot(path=PICTURES / "why.png")


if __name__ == "__main__":
    main()
