"""The start page without what an operator may set."""

from django.template.loader import render_to_string
from django.urls import set_urlconf


def test_without_public_plans_there_are_no_prices() -> None:
    set_urlconf("chatbot_saas.platform_urls")
    try:
        page = render_to_string("tenants/start.html", {"plans": ()})
    finally:
        set_urlconf(None)
    assert "Create a workspace" in page
    assert 'class="plans"' not in page
    assert "Imprint" not in page
