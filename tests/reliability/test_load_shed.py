"""More questions than can be admitted are told so at once, and those that are let in are answered."""

from collections.abc import Callable, Iterator
from concurrent.futures import ThreadPoolExecutor

import pytest

from billing.catalog.services import subscribe
from conversations.chatbots.onboarding import Workspace
from tests.eventually import eventually
from tests.live import Process
from tests.reliability.test_stalls import ask, held_up_by, quota_locked

WAITING = 3


@pytest.fixture(scope="module")
def small_web() -> Iterator[Process]:
    with Process("web", environment={"TURNS_WAITING": str(WAITING)}) as process:
        yield process


def test_one_question_too_many_is_told_to_come_again(
    small_web: Process, make_workspace: Callable[[], Workspace]
) -> None:
    workspace = make_workspace()
    subscribe(tenant_id=workspace.tenant.id, plan="demo")
    assert ask(small_web, workspace).status_code == 200
    with ThreadPoolExecutor(WAITING) as pool:
        with quota_locked(workspace) as holder:
            waiting = [pool.submit(ask, small_web, workspace) for _ in range(WAITING)]
            eventually(lambda: held_up_by(holder))
            told = eventually(lambda: refused(small_web, workspace))
            assert told == (503, "unavailable", "2")
        for one in waiting:
            assert one.result().status_code in {200, 503}
    assert ask(small_web, workspace).status_code == 200


def refused(web: Process, workspace: Workspace) -> tuple[int, str, str] | None:
    """The refusal, when it came without waiting for the lock: it says another thing then."""
    answer = ask(web, workspace)
    if "many questions" not in answer.text:
        return None
    return answer.status_code, answer.json()["code"], answer.headers["retry-after"]
