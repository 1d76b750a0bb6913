"""Every shared table: whether a backup of the whole installation holds it, and which of its rows go with
one workspace. A test compares it with the models, so that a new table cannot be forgotten.

Tables of workspaces need no list: a workspace's schema goes along with all that is in it.
"""

from dataclasses import dataclass

_OF_TENANT = "tenant_id = %(tenant)s"


@dataclass(frozen=True, slots=True)
class SharedTable:
    """`in_whole` is whether a backup of the whole has its rows. `of_one` is the SQL condition of the rows
    that go with one workspace, empty where none do. `why` tells what is left out."""

    in_whole: bool
    of_one: str = ""
    why: str = ""
    # The condition that a row's workspace is in the backup, where a row has one.
    workspace: str = ""


def _of_tenant(*, where: str = "", why: str = "") -> SharedTable:
    condition = f"{_OF_TENANT} AND {where}" if where else _OF_TENANT
    return SharedTable(True, condition, why, workspace="tenant_id")


_ENDS = SharedTable(False, why="who was logged in logs in again: what was ended since stays ended")
_OPERATORS = SharedTable(True, why="operators are the installation's, not a workspace's")
_INSTALLATION = SharedTable(True, why="the installation's own")
_MADE = SharedTable(False, why="made by migrations")

SHARED: dict[str, SharedTable] = {
    "tenants_tenant": SharedTable(True, "id = %(tenant)s", workspace="id"),
    "tenants_domain": _of_tenant(),
    "tenants_user": SharedTable(
        True,
        "id IN (SELECT user_id FROM public.tenants_membership WHERE tenant_id = %(tenant)s)",
    ),
    "tenants_membership": _of_tenant(),
    "tenants_invitation": _of_tenant(),
    "tenants_apikey": _of_tenant(),
    "tenants_workticket": _of_tenant(
        where="status IN ('waiting', 'running')", why="work that is over is history"
    ),
    "catalog_plan": SharedTable(
        True,
        "code IN (SELECT plan_id FROM public.catalog_subscription WHERE tenant_id = %(tenant)s)",
        why="other plans are the installation's",
    ),
    "catalog_subscription": _of_tenant(),
    "catalog_quotaoverride": _of_tenant(),
    "catalog_tenantusageday": _of_tenant(),
    "catalog_price": _INSTALLATION,
    "tenants_secondfactor": _OPERATORS,
    "tenants_user_groups": _OPERATORS,
    "tenants_user_user_permissions": _OPERATORS,
    "auth_group": _OPERATORS,
    "auth_group_permissions": _OPERATORS,
    "django_admin_log": _OPERATORS,
    # The log and the rights of operators name their rows by number.
    "django_content_type": _INSTALLATION,
    "auth_permission": _INSTALLATION,
    "tenants_entryticket": _ENDS,
    "django_session": _ENDS,
    "token_blacklist_outstandingtoken": _ENDS,
    "token_blacklist_blacklistedtoken": _ENDS,
    # No models.
    "django_migrations": _MADE,
    "tenant_template": _MADE,
}
