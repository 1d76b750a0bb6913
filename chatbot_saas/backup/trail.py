"""That a backup was made: in the log, and of one workspace in its own trail."""

import logging

from chatbot_saas.backup.dump import Made
from tenants.context import platform_context, tenant_context
from tenants.models import Tenant
from tenants.workspace.services import SYSTEM, record_event

log = logging.getLogger(__name__)


def record_backup(made: Made, slug: str | None, name: str) -> None:
    log.info(
        "backup made",
        extra={
            "backup": str(made.id),
            "workspace": slug or "",
            "file": name,
            "workspaces": made.workspaces,
            "rows": made.rows,
            "files": made.files,
            "files_gone": made.files_gone,
        },
    )
    if slug is None:
        return
    with platform_context():
        tenant_id = Tenant.objects.alive().filter(slug=slug).values_list("pk", flat=True).first()
    if tenant_id is not None:
        with tenant_context(tenant_id):
            record_event(
                action="tenant.backed_up",
                actor=SYSTEM,
                target=str(tenant_id),
                name=slug,
                backup=str(made.id),
            )
