"""What every view of `/v1` is: a key's scope by method, a body read once, answers that nobody keeps."""

from abc import ABC, abstractmethod
from collections.abc import Callable, Container, Iterable, Mapping
from typing import Any, ClassVar, TypeVar, cast

from drf_spectacular.utils import extend_schema
from rest_framework.generics import GenericAPIView
from rest_framework.mixins import ListModelMixin
from rest_framework.request import Request
from rest_framework.response import Response
from rest_framework.serializers import Serializer

from chatbot_saas.api.pagination import KeysetPagination, Slice, given
from chatbot_saas.api.serializing import validate
from core.errors import InvalidRequest
from tenants.keys.api_keys import APIKeyIdentity

# A name in a refusal is the caller's own text.
_SHOWN_NAME = 100
Stream = TypeVar("Stream", bound=Callable[..., Any])


class APIView(GenericAPIView[Any]):
    """`required_scopes` says for each method which scope a key needs; a method that is not in it needs
    no key. `public_key`: a publishable key may, too. `query` are the parameters of GET, beside those
    of a page."""

    required_scopes: ClassVar[Mapping[str, str]] = {}
    public_key: ClassVar[bool] = False
    query: ClassVar[type[Serializer[Any]] | None] = None
    http_method_names = ["get", "head", "post", "put", "patch", "delete"]
    pagination_class: Any = None
    request: Request

    @property
    def required_scope(self) -> str | None:
        method = self.request.method or ""
        return self.required_scopes.get("GET" if method == "HEAD" else method)

    @property
    def default_response_headers(self) -> dict[str, str]:
        # Answers hold a workspace's own data, and some of them a key.
        return {"Cache-Control": "no-store"}

    @property
    def key(self) -> APIKeyIdentity:
        """Who calls, where a scope is asked for."""
        return cast(APIKeyIdentity, self.request.auth)

    @property
    def actor(self) -> str:
        """Who the audit trail says did it: the key, or the member whose token it is."""
        return str(self.key.key_id)

    def initial(self, request: Request, *args: Any, **kwargs: Any) -> None:
        # After who calls is known: a stranger learns nothing of a path but that it needs a key.
        super().initial(request, *args, **kwargs)
        refuse_unknown(request.query_params, self._known_parameters())

    def _known_parameters(self) -> set[str]:
        if self.request.method not in ("GET", "HEAD"):
            return set()
        kinds = (self.query, getattr(self.pagination_class, "query", None))
        return {str(name) for kind in kinds if kind is not None for name in kind().fields}

    def read_body(self, kind: type[Serializer[Any]]) -> dict[str, Any]:
        """The body's members that were given. Raises `InvalidRequest`."""
        if self.request._request.META.get("CONTENT_LENGTH") == "0":
            raise InvalidRequest("The body is empty. Send JSON.")
        return validate(kind(data=self.request.data))

    def read_query(self) -> dict[str, Any]:
        """The parameters of `query` that were given. Raises `InvalidRequest`."""
        return {} if self.query is None else validate(self.query(data=given(self.request)))

    def answer(self, value: Any, status: int = 200) -> Response:
        """A value as the view's serializer writes it."""
        return Response(self.get_serializer(value).data, status=status)


def refuse_unknown(names: Iterable[str], known: Container[str] = ()) -> None:
    """Raises `InvalidRequest` with the first parameter of a query that is not known: one that is passed
    over in silence, such as a misspelt filter, gives another answer than was asked for."""
    for name in names:
        if name not in known:
            shown = name[:_SHOWN_NAME]
            raise InvalidRequest(
                f"This path has no parameter “{shown}”. /docs/api lists those that it has.",
                param=shown,
            )


class ListView(ListModelMixin, APIView, ABC):
    """A list, a page at a time."""

    pagination_class: Any = KeysetPagination

    @abstractmethod
    def fetch(self, limit: int, cursor: str) -> Slice:
        """At most `limit` rows after a cursor, which is empty for the first page."""

    def get_queryset(self) -> Any:
        return self.fetch


def described(
    method: str, *, scope: str, public_key: bool = False, **told: Any
) -> Callable[[Stream], Stream]:
    """Puts a stream into the description. Django REST framework is synchronous, so it does not serve
    one; this gives its route a view to be read and never to be run. `told` is `extend_schema`'s."""

    def decorate(view: Stream) -> Stream:
        def unserved(self: APIView, request: Request) -> Response:
            return Response(status=501)

        members = {
            "required_scopes": {method: scope},
            "public_key": public_key,
            method.lower(): extend_schema(**told)(unserved),
        }
        read: Any = view
        read.cls, read.initkwargs = type(view.__name__, (APIView,), members), {}
        return view

    return decorate
