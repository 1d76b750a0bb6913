"""`/v1/documents` over HTTP: who may, what comes back, what is left alone."""

from collections.abc import Callable, Iterable
from typing import Any
from uuid import uuid4

import httpx
import pytest
from django.db import transaction

from billing.catalog.models import Plan
from billing.catalog.services import subscribe
from conversations.chatbots.onboarding import Workspace
from knowledge import storage
from knowledge.models import Document
from tenants.context import platform_context, tenant_context
from tenants.keys.api_keys import mint_secret_key
from tests.eventually import eventually
from tests.knowledge import files
from tests.live import Process

READY_SECONDS = 20.0


def client(web: Process, key: str) -> httpx.Client:
    return httpx.Client(
        base_url=web.url,
        headers={"Authorization": f"Bearer {key}"} if key else {},
        timeout=30,
        trust_env=False,
    )


@pytest.fixture
def http(web: Process, workspace: Workspace) -> Iterable[httpx.Client]:
    with client(web, workspace.secret_key) as opened:
        yield opened


def post(http: httpx.Client, name: str, content: bytes) -> httpx.Response:
    return http.post("/v1/documents", files={"file": (name, content)})


def wait_for_end(http: httpx.Client, document_id: str) -> dict[str, Any]:
    def ended() -> dict[str, Any] | None:
        body: dict[str, Any] = http.get(f"/v1/documents/{document_id}").json()
        return body if body["status"] in ("ready", "failed") else None

    found = eventually(ended, within=READY_SECONDS)
    assert found is not None
    return found


@pytest.mark.usefixtures("worker")
def test_a_document_is_accepted_then_ready(http: httpx.Client) -> None:
    response = post(http, "guide.pdf", files.make_pdf(["One page.", "Two pages."]))
    assert response.status_code == 202
    accepted = response.json()
    assert (accepted["status"], accepted["progress"]["stage"]) == ("queued", "waiting")
    done = wait_for_end(http, accepted["id"])
    assert (done["status"], done["error"], done["filename"]) == ("ready", None, "guide.pdf")
    assert done["progress"] == {
        "stage": "done",
        "pages": {"done": 2, "total": 2},
        "chunks": {"done": 2, "total": 2},
    }


@pytest.mark.usefixtures("worker")
def test_a_broken_file_fails_with_its_sentence_and_a_good_one_after_it_is_ready(
    http: httpx.Client,
) -> None:
    broken = post(http, "a.pdf", files.make_encrypted_pdf()).json()
    good = post(http, "b.md", b"# Good\n\nWords.").json()
    failed = wait_for_end(http, broken["id"])
    assert failed["status"] == "failed"
    assert "protected by a password" in failed["error"]
    assert wait_for_end(http, good["id"])["status"] == "ready"


def test_the_same_bytes_again_are_the_same_document(http: httpx.Client) -> None:
    first, again = post(http, "a.md", b"words"), post(http, "other.md", b"words")
    assert (first.status_code, again.status_code) == (202, 200)
    assert again.json()["id"] == first.json()["id"]
    assert len(http.get("/v1/documents").json()["data"]) == 1


def test_a_list_is_newest_first_and_paged(http: httpx.Client) -> None:
    ids = [post(http, f"{n}.md", f"text {n}".encode()).json()["id"] for n in range(5)]
    seen, cursor = [], ""
    for _ in range(3):
        page = http.get("/v1/documents", params={"limit": 2, "cursor": cursor}).json()
        seen += [document["id"] for document in page["data"]]
        cursor = page["next_cursor"] or ""
    assert seen == ids[::-1]
    assert (page["has_more"], page["next_cursor"]) == (False, None)


def test_a_deleted_document_is_gone(http: httpx.Client) -> None:
    document_id = post(http, "a.md", b"words").json()["id"]
    assert http.delete(f"/v1/documents/{document_id}").status_code == 204
    assert http.get(f"/v1/documents/{document_id}").status_code == 404
    assert http.delete(f"/v1/documents/{document_id}").status_code == 404


def test_another_tenants_document_is_as_if_not_there(
    web: Process, http: httpx.Client, make_workspace: Callable[[], Workspace]
) -> None:
    document_id = post(http, "a.md", b"words").json()["id"]
    with client(web, make_workspace().secret_key) as stranger:
        for method in ("GET", "DELETE"):
            theirs = stranger.request(method, f"/v1/documents/{document_id}")
            nothing = stranger.request(method, f"/v1/documents/{uuid4()}")
            assert theirs.status_code == nothing.status_code == 404
            assert theirs.json()["detail"] == nothing.json()["detail"]
        assert stranger.get("/v1/documents").json()["data"] == []
    assert http.get(f"/v1/documents/{document_id}").status_code == 200


# (caller, what GET answers, what POST answers, what DELETE answers)
ACCESS = [
    ("reader", 200, 403, 403),
    ("writer", 403, 202, 204),
    ("chat only", 403, 403, 403),
    ("publishable", 403, 403, 403),
    ("nobody", 401, 401, 401),
]


@pytest.mark.parametrize("access", ACCESS, ids=lambda access: access[0])
def test_a_key_may_what_its_scopes_say(
    web: Process, workspace: Workspace, access: tuple[str, int, int, int]
) -> None:
    caller, get, posted, deleted = access
    with client(web, workspace.secret_key) as owner:
        document_id = post(owner, "a.md", b"words").json()["id"]
        with client(web, _key(workspace, caller)) as http:
            answers = [
                (http.get("/v1/documents"), get),
                (http.get(f"/v1/documents/{document_id}"), get),
                (post(http, "b.md", b"more words"), posted),
                (http.delete(f"/v1/documents/{document_id}"), deleted),
            ]
        for response, expected in answers:
            assert response.status_code == expected
            if expected >= 400:
                assert response.headers["content-type"] == "application/problem+json"
        left = [document["filename"] for document in owner.get("/v1/documents").json()["data"]]
        assert left == (["b.md"] if caller == "writer" else ["a.md"])


def _key(workspace: Workspace, caller: str) -> str:
    scopes = {"reader": "documents:read", "writer": "documents:write", "chat only": "chat"}
    if caller in scopes:
        return mint_secret_key(tenant_id=workspace.tenant.id, scopes=[scopes[caller]])
    return workspace.publishable_key if caller == "publishable" else ""


def test_a_file_over_the_limit_is_refused_and_leaves_nothing(http: httpx.Client) -> None:
    response = post(http, "big.txt", b"word " * 5_000_001)
    assert response.status_code == 413
    assert "larger than 25 MB" in response.json()["detail"]
    assert response.json()["error"]["param"] == "file"
    assert http.get("/v1/documents").json()["data"] == []


@pytest.mark.parametrize(
    ("parameters", "param"),
    [
        ({"limit": "0"}, "limit"),
        ({"limit": "many"}, "limit"),
        ({"limit": "9" * 5_000}, "limit"),
        ({"cursor": "x"}, "cursor"),
    ],
)
def test_a_bad_parameter_is_named(
    http: httpx.Client, parameters: dict[str, str], param: str
) -> None:
    response = http.get("/v1/documents", params=parameters)
    assert response.status_code == 400
    assert response.json()["error"]["param"] == param


def test_a_request_without_a_file_is_told_what_to_send(http: httpx.Client) -> None:
    missing = http.post("/v1/documents", files={"other": ("a.md", b"words")})
    assert missing.status_code == 400
    assert missing.json()["error"]["param"] == "file"
    assert http.post("/v1/documents", json={"file": "words"}).status_code == 415
    broken = http.post(
        "/v1/documents", content=b"--x", headers={"Content-Type": "multipart/form-data"}
    )
    assert broken.status_code == 400


def test_the_plan_bounds_how_many_documents_are_kept(
    http: httpx.Client, workspace: Workspace
) -> None:
    code = f"p{uuid4().hex[:12]}"
    with platform_context():
        free = Plan.objects.get(pk="free")
        free.pk, free.documents = code, 1
        free.save(force_insert=True)
    subscribe(tenant_id=workspace.tenant.id, plan=code)
    assert post(http, "one.txt", b"The first document.").status_code == 202
    refused = post(http, "two.txt", b"The second document.")
    assert refused.status_code == 429
    assert refused.json()["code"] == "document_quota_exceeded"
    assert "keeps 1 documents" in refused.json()["detail"]
    assert post(http, "one.txt", b"The first document.").status_code == 200
    assert len(http.get("/v1/documents").json()["data"]) == 1


def test_while_a_document_is_published_others_are_told_to_wait_not_held(
    http: httpx.Client, workspace: Workspace
) -> None:
    document_id = post(http, "one.txt", b"The first document.").json()["id"]
    with tenant_context(workspace.tenant.id), transaction.atomic():
        # What a publish holds: the document's row, for as long as it takes.
        Document.objects.select_for_update().get(pk=document_id)
        # The lock is held until this block ends: an answer at all means that nobody waited for it.
        refused = http.delete(f"/v1/documents/{document_id}")
        assert (refused.status_code, refused.json()["code"]) == (503, "unavailable")
        assert refused.headers["Retry-After"] == "5"
        assert post(http, "two.txt", b"The second document.").status_code == 202
        assert post(http, "one.txt", b"The first document.").status_code == 200
    assert http.delete(f"/v1/documents/{document_id}").status_code == 204


def test_a_failed_document_whose_file_is_lost_heals_when_it_is_sent_again(
    http: httpx.Client, workspace: Workspace
) -> None:
    document_id = post(http, "one.txt", b"The first document.").json()["id"]
    # Its worker is done with it: it would otherwise say what became of it after this has.
    wait_for_end(http, document_id)
    with tenant_context(workspace.tenant.id):
        document = Document.objects.get(pk=document_id)
        storage.discard(document.path)
        Document.objects.filter(pk=document_id).update(status="failed")
    assert post(http, "one.txt", b"The first document.").json()["id"] == document_id
    with tenant_context(workspace.tenant.id):
        document.refresh_from_db()
        with storage.open_file(workspace.tenant.id, document.path) as (file, _):
            assert file.read() == b"The first document."
