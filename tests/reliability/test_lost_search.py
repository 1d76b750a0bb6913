"""PostgreSQL goes away under a question's search, and is back at once: the visitor gets the answer."""

from concurrent.futures import ThreadPoolExecutor

import psycopg

from conversations.chatbots.onboarding import Workspace
from tenants.names import quote, schema_name
from tests.eventually import eventually
from tests.live import Process
from tests.platform.processes import layout
from tests.reliability.test_stalls import ask, held_up_by


def test_a_search_whose_connection_is_lost_is_done_again(
    web: Process, workspace: Workspace
) -> None:
    chunks = f"{quote(schema_name(workspace.tenant.id))}.knowledge_chunk"
    with (
        ThreadPoolExecutor(1) as pool,
        psycopg.connect(layout().superuser_url) as holder,
        psycopg.connect(layout().superuser_url, autocommit=True) as superuser,
    ):
        holder.execute(f"LOCK TABLE {chunks} IN ACCESS EXCLUSIVE MODE".encode())
        asked = pool.submit(ask, web, workspace)
        (searching,) = eventually(lambda: held_up_by(holder))
        # As a restart ends every connection.
        superuser.execute("SELECT pg_terminate_backend(%s)", [searching])
        holder.rollback()
        answer = asked.result()
    assert answer.status_code == 200, answer.text
    assert "a turn failed" not in web.log()
