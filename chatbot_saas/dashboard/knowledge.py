"""Pages of the dashboard about documents: the list with uploads, and one document's passages."""

from collections.abc import Callable
from uuid import UUID

from django.contrib import messages
from django.core.files.uploadedfile import UploadedFile
from django.http import HttpResponse
from django.shortcuts import redirect, render
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy as _lazy
from django.utils.translation import ngettext

from chatbot_saas.web.listing import address, number_in, text_in, uuid_in
from chatbot_saas.web.pages import page
from chatbot_saas.web.requests import MemberRequest
from core.errors import AppError, InvalidRequest, NotFound
from knowledge import document_list, selectors, services
from knowledge.models import Document
from knowledge.selectors import DocumentView

DOCUMENTS_PER_PAGE = 50
CHUNKS_PER_PAGE = 30
_UNFINISHED = (Document.Status.QUEUED, Document.Status.PROCESSING)
# As the list's filter calls them.
STATES = {
    "ready": ((Document.Status.READY,), _lazy("Ready")),
    "reading": (_UNFINISHED, _lazy("Being read")),
    "failed": ((Document.Status.FAILED,), _lazy("Failed")),
}
_MAX_FOLLOWED = 100
# htmx's own: it ends the polling.
_ASK_NO_MORE = 286


@page("documents:read")
def knowledge(request: MemberRequest) -> HttpResponse:
    return _list(request)


@page("documents:write", "POST")
def upload(request: MemberRequest) -> HttpResponse:
    """Takes any number of files. A script sends them one by one and reads the answer's status."""
    files = request.FILES.getlist("files")
    if request.headers.get("HX-Request"):
        for file in files:
            _store(request, file)
        return HttpResponse(status=204)
    if not files:
        return _list(request, error=_("Choose at least one file."), status=400)
    # One after the other: each is a transaction of its own, and one bad file is one message.
    taken = sum(_take(request, file) for file in files)
    if taken:
        said = ngettext("%d file was taken in.", "%d files were taken in.", taken)
        messages.success(request, said % taken)
    return redirect("knowledge")


def _take(request: MemberRequest, file: "UploadedFile[bytes]") -> bool:
    """One file of several: what is wrong with it says nothing about the others."""
    name = file.name or ""
    try:
        created = _store(request, file)
    except AppError as error:
        messages.error(request, f"{name}: {error.message}")
        return False
    if not created:
        messages.info(request, _("%s is there already.") % name)
    return created


def _store(request: MemberRequest, file: "UploadedFile[bytes]") -> bool:
    """Whether it is a new one."""
    return services.create_document(
        filename=file.name or "", content=file.chunks(), actor=request.member.actor
    )[1]


@page("documents:read")
def progress(request: MemberRequest) -> HttpResponse:
    """How far the documents are that a list shows as unfinished. Asked for by that list, again and
    again, for as long as one of them is."""
    documents = document_list.find_documents(_followed(request))
    finished = not _unfinished(documents)
    context = {"documents": documents, "finished": finished}
    return render(
        request,
        "knowledge/_progress.html",
        context,
        status=_ASK_NO_MORE if finished else 200,
    )


def _followed(request: MemberRequest) -> list[UUID]:
    try:
        return [UUID(each) for each in request.GET.getlist("id")[:_MAX_FOLLOWED]]
    except ValueError as error:
        raise InvalidRequest("This link is not complete. Go back to the list.") from error


@page("documents:read")
def document(request: MemberRequest, document_id: UUID) -> HttpResponse:
    found = selectors.get_document(document_id)
    after = number_in(request, "after")
    listed = document_list.list_chunks(document_id, limit=CHUNKS_PER_PAGE, after=after)
    context = {
        "document": found,
        "is_kept": bool(document_list.find_kept([document_id])),
        "unfinished": _unfinished([found]),
        "chunks": listed.chunks,
        "first_url": request.path if after is not None else "",
        "next_url": _next(request, listed.next_after),
    }
    return render(request, "knowledge/document.html", context)


@page("documents:write", "POST")
def delete_document(request: MemberRequest, document_id: UUID) -> HttpResponse:
    return _act(request, document_id, services.delete_document, _("%s is deleted."))


@page("documents:write", "POST")
def retry_document(request: MemberRequest, document_id: UUID) -> HttpResponse:
    return _act(request, document_id, services.retry_document, _("%s is read once more."))


def _act(
    request: MemberRequest, document_id: UUID, service: Callable[..., object], said: str
) -> HttpResponse:
    """Back to the list, which says what was done to the document by its title, or why not."""
    found = selectors.get_document(document_id)
    try:
        service(document_id=document_id, actor=request.member.actor)
    except AppError as error:
        messages.error(request, error.message)
    else:
        messages.success(request, said % found.title)
    return redirect("knowledge")


@page("documents:write", "POST")
def delete_documents(request: MemberRequest) -> HttpResponse:
    """Those that were chosen in the list: asks once with their number, then deletes them."""
    chosen = document_list.find_documents(_chosen(request))
    if not chosen:
        messages.info(request, _("Choose at least one document."))
        return redirect("knowledge")
    if "agreed" not in request.POST:
        return render(request, "knowledge/delete.html", {"documents": chosen})
    deleted = _delete_all(request, chosen)
    if deleted:
        said = ngettext("%d document is deleted.", "%d documents are deleted.", deleted)
        messages.success(request, said % deleted)
    return redirect("knowledge")


def _chosen(request: MemberRequest) -> list[UUID]:
    try:
        return [UUID(each) for each in request.POST.getlist("id")[:DOCUMENTS_PER_PAGE]]
    except ValueError as error:
        raise InvalidRequest("This form is not complete. Go back to the list.") from error


def _delete_all(request: MemberRequest, documents: list[DocumentView]) -> int:
    """How many are gone. Each is a transaction of its own, with its own event in the trail."""
    deleted = 0
    for each in documents:
        try:
            services.delete_document(document_id=each.id, actor=request.member.actor)
        except NotFound:
            # Somebody else was faster.
            continue
        except AppError as error:
            messages.error(request, f"{each.title}: {error.message}")
            break
        deleted += 1
    return deleted


def _list(request: MemberRequest, *, error: str = "", status: int = 200) -> HttpResponse:
    after, search, state = (
        uuid_in(request, "after"),
        text_in(request, "q"),
        text_in(request, "state"),
    )
    state = state if state in STATES else ""
    listed = selectors.list_documents(
        limit=DOCUMENTS_PER_PAGE,
        after=after,
        search=search,
        statuses=STATES.get(state, ((), ""))[0],
    )
    failed = [each.id for each in listed.documents if each.status == Document.Status.FAILED]
    context = {
        "documents": listed.documents,
        "search": search,
        "state": state,
        "states": [(name, label) for name, (_statuses, label) in STATES.items()],
        "can_retry": document_list.find_kept(failed),
        "unfinished": _unfinished(listed.documents),
        "document_usage": document_list.document_usage(),
        "error": error,
        "first_url": address(request, after=None) if after is not None else "",
        "next_url": _next(request, listed.next_cursor),
    }
    return render(request, "knowledge/list.html", context, status=status)


def _unfinished(documents: list[DocumentView]) -> list[DocumentView]:
    return [each for each in documents if each.status in _UNFINISHED]


def _next(request: MemberRequest, after: UUID | int | None) -> str:
    return "" if after is None else address(request, after=after)
