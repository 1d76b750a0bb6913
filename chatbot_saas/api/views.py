"""What every view of `/v1` is: a key's scope by method, a body read once, answers that nobody keeps."""

from abc import ABC, abstractmethod
from collections.abc import Callable, Mapping
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

Stream = TypeVar("Stream", bound=Callable[..., Any])


class APIView(GenericAPIView[Any]):
    """`required_scopes` says for each method which scope a key needs; a method that is not in it needs
    no key. `public_key`: a publishable key may, too."""

    required_scopes: ClassVar[Mapping[str, str]] = {}
    public_key: ClassVar[bool] = False
    http_method_names = ["get", "head", "post", "patch", "delete"]
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

    def read_body(self, kind: type[Serializer[Any]]) -> dict[str, Any]:
        """The body's members that were given. Raises `InvalidRequest`."""
        if self.request._request.META.get("CONTENT_LENGTH") == "0":
            raise InvalidRequest("The body must be JSON.")
        return validate(kind(data=self.request.data))

    def read_query(self, kind: type[Serializer[Any]]) -> dict[str, Any]:
        """The query's members that were given. Raises `InvalidRequest`."""
        return validate(kind(data=given(self.request)))

    def answer(self, value: Any, status: int = 200) -> Response:
        """A value as the view's serializer writes it."""
        return Response(self.get_serializer(value).data, status=status)


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
