"""An event as it is sent: CloudEvents 1.0, structured, as JSON. Pure."""

import json
from datetime import UTC, datetime
from typing import Any
from uuid import UUID

# Below the platform's address; the members of each type are there.
SCHEMA_PATH = "/static/events/v1.json"
CONTENT_TYPE = "application/cloudevents+json; charset=utf-8"


def envelope(
    *,
    id: UUID,
    type_: str,
    tenant_id: UUID,
    key: UUID,
    sequence: int,
    occurred_at: datetime,
    data: dict[str, Any],
    platform_url: str,
) -> dict[str, Any]:
    """`sequence` is written with as many digits each time, so that texts compare as numbers do."""
    return {
        "specversion": "1.0",
        "id": str(id),
        "source": f"{platform_url}/workspaces/{tenant_id}",
        "type": type_,
        "subject": str(key),
        "time": occurred_at.astimezone(UTC)
        .isoformat(timespec="milliseconds")
        .replace("+00:00", "Z"),
        "datacontenttype": "application/json",
        "dataschema": f"{platform_url}{SCHEMA_PATH}#/$defs/{type_}",
        "tenantid": str(tenant_id),
        "partitionkey": str(key),
        "sequence": f"{sequence:012d}",
        "data": data,
    }


def encode(event: dict[str, Any]) -> bytes:
    return json.dumps(event, ensure_ascii=False, separators=(",", ":")).encode()
