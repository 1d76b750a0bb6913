"""How the admin looks: read by the settings, so it imports nothing of Django's that needs them."""

from typing import Any

from django.templatetags.static import static
from django.urls import reverse_lazy


def _item(title: str, icon: str, route: str) -> dict[str, Any]:
    return {"title": title, "icon": icon, "link": reverse_lazy(f"admin:{route}")}


LOOK: dict[str, Any] = {
    "SITE_TITLE": "Operator",
    "SITE_HEADER": "Operator",
    "SITE_URL": None,
    "SITE_SYMBOL": "tune",
    "SITE_FAVICONS": [
        {"rel": "icon", "type": "image/svg+xml", "href": lambda _: static("img/mark.svg")}
    ],
    "STYLES": [lambda _: static("css/operator.css")],
    "SCRIPTS": [lambda _: static("js/operator.js")],
    "SHOW_BACK_BUTTON": True,
    "SIDEBAR": {
        "navigation": [
            {
                "title": "Workspaces",
                "items": [
                    _item("Workspaces", "apartment", "tenants_tenant_changelist"),
                    _item("Costs", "payments", "costs"),
                    _item("Overrides", "rule", "catalog_quotaoverride_changelist"),
                    _item("Work tickets", "assignment", "tenants_workticket_changelist"),
                ],
            },
            {
                "title": "People and keys",
                "items": [
                    _item("Accounts", "person", "tenants_user_changelist"),
                    _item("Memberships", "group", "tenants_membership_changelist"),
                    _item("API keys", "key", "tenants_apikey_changelist"),
                ],
            },
            {
                "title": "Terms",
                "items": [
                    _item("Plans", "inventory_2", "catalog_plan_changelist"),
                    _item("Prices", "sell", "catalog_price_changelist"),
                ],
            },
        ],
    },
}
