"""What the description says is what the API does, for requests that nobody would think of."""

from typing import Any
from uuid import UUID, uuid4

import httpx
import pytest
import requests
import schemathesis
from hypothesis import HealthCheck, Phase, settings
from schemathesis import GenerationMode, checks
from schemathesis.specs.openapi.checks import (
    content_type_conformance,
    response_headers_conformance,
    response_schema_conformance,
    status_code_conformance,
)

from billing.catalog.services import subscribe
from chatbot_saas.api.schema import description
from conversations.chatbots.avatars import set_avatar
from conversations.chatbots.identity_secrets import create_identity_secret
from conversations.chatbots.onboarding import Workspace, create_workspace
from tenants.context import tenant_context
from tests.conversations.client import ingest
from tests.conversations.pictures import png
from tests.live import Process

CHECKS = [
    checks.not_a_server_error,
    status_code_conformance,
    content_type_conformance,
    response_headers_conformance,
    response_schema_conformance,
]
# Of each operation, half of them with what its schema allows and half without regard to it.
EXAMPLES = 8
schema = schemathesis.openapi.from_dict(description())
schema.config.generation.update(modes=list(GenerationMode))


class Known:
    """A workspace in which something was said, and the ids of what is there."""

    def __init__(self, web: Process) -> None:
        made: Workspace = create_workspace(slug=f"w{uuid4().hex[:16]}", name="Contract")
        subscribe(tenant_id=made.tenant.id, plan="demo")
        self.session = requests.Session()
        self.session.trust_env = False
        self.session.headers["Authorization"] = f"Bearer {made.secret_key}"
        self.url = web.url
        document_id = ingest(made.tenant.id, "depot.md", "The code of the Zorblatt depot is 48213.")
        asked = httpx.post(
            f"{web.url}/v1/chatbots/{made.chatbot_id}/turns",
            json={"text": "What is the code of the Zorblatt depot?", "client_turn_id": "1"},
            headers={"Authorization": f"Bearer {made.secret_key}"},
            trust_env=False,
        )
        with tenant_context(made.tenant.id):
            set_avatar(chatbot_id=made.chatbot_id, content=png())
            shared = create_identity_secret(chatbot_id=made.chatbot_id).secret.id
        self.ids: dict[str, UUID | str] = {
            "secret_id": shared,
            "chatbot_id": made.chatbot_id,
            "model": str(made.chatbot_id),
            "document_id": document_id,
            "conversation_id": asked.headers["X-Conversation-ID"],
            "turn_id": asked.text.partition("id: ")[2].partition(":")[0],
        }


@pytest.fixture(scope="module")
def known(web: Process) -> Known:
    return Known(web)


@schema.parametrize()
@settings(
    max_examples=EXAMPLES,
    derandomize=True,
    deadline=None,
    phases=[Phase.generate],
    suppress_health_check=list(HealthCheck),
)
def test_the_api_does_what_is_written(case: Any, known: Known) -> None:
    aim(case, known)
    response = case.call(base_url=known.url, session=known.session, timeout=30)
    case.validate_response(response, checks=CHECKS)
    assert response.status_code < 500 or response.json()["code"] == "unavailable"


def aim(case: Any, known: Known) -> None:
    """Lets what fits be about something that is there: random ids find nothing."""
    if case.method != "DELETE" and case.meta.generation.mode == GenerationMode.POSITIVE:
        for name in (case.path_parameters or {}).keys() & known.ids.keys():
            case.path_parameters[name] = str(known.ids[name])
        if isinstance(case.body, dict) and "messages" in case.body:
            case.body["model"] = known.ids["model"]
