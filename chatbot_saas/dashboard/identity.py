"""A chatbot's identity secrets: made, shown once, revoked, and how a server signs with one."""

from typing import Any
from uuid import UUID

from django.contrib import messages
from django.http import HttpResponse
from django.shortcuts import redirect
from django.urls import reverse
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy
from django.views.decorators.debug import sensitive_variables

from chatbot_saas.dashboard.recipes import Recipe
from chatbot_saas.web.once import keep_once, take_once
from chatbot_saas.web.pages import page
from chatbot_saas.web.requests import MemberRequest
from conversations.chatbots import identity_secrets as service
from core.errors import Conflict

# Each with what its language brings along, so that nothing has to be installed.
_PYTHON = """import base64, hashlib, hmac, json, os, time

def identity_token(user_id):
    def part(data):
        return base64.urlsafe_b64encode(data).rstrip(b"=")

    claims = {"sub": str(user_id), "exp": int(time.time()) + 300}
    text = part(b'{"alg":"HS256","typ":"JWT"}') + b"." + part(json.dumps(claims).encode())
    secret = os.environ["CHATBOT_IDENTITY_SECRET"].encode()
    return (text + b"." + part(hmac.digest(secret, text, hashlib.sha256))).decode()"""
_NODE = """import { createHmac } from "node:crypto";

export function identityToken(userId) {
  const part = (value) => Buffer.from(JSON.stringify(value)).toString("base64url");
  const claims = { sub: String(userId), exp: Math.floor(Date.now() / 1000) + 300 };
  const text = `${part({ alg: "HS256", typ: "JWT" })}.${part(claims)}`;
  const secret = process.env.CHATBOT_IDENTITY_SECRET;
  return `${text}.${createHmac("sha256", secret).update(text).digest("base64url")}`;
}"""
_PHP = """function identity_token($user_id) {
    $part = fn ($data) => rtrim(strtr(base64_encode($data), '+/', '-_'), '=');
    $claims = ['sub' => (string) $user_id, 'exp' => time() + 300];
    $text = $part('{"alg":"HS256","typ":"JWT"}') . '.' . $part(json_encode($claims));
    $secret = getenv('CHATBOT_IDENTITY_SECRET');
    return $text . '.' . $part(hash_hmac('sha256', $text, $secret, true));
}"""
_PAGE = """<script>
  if (typeof window.chatbot !== "function") {
    window.chatbot = function () { (chatbot.q = chatbot.q || []).push(arguments); };
  }
  chatbot("identify", "THE TOKEN");
</script>"""
_ON_SERVER = gettext_lazy(
    "On your server, for the person who is logged in there. The secret is in its environment."
)
SIGNING = [
    Recipe("sign-python", "Python", _ON_SERVER, _PYTHON),
    Recipe("sign-node", "Node.js", _ON_SERVER, _NODE),
    Recipe("sign-php", "PHP", _ON_SERVER, _PHP),
    Recipe(
        "identify",
        gettext_lazy("On the page"),
        gettext_lazy("With the token that your server has signed for this person."),
        _PAGE,
    ),
]


def identity_context(request: MemberRequest, chatbot_id: UUID) -> dict[str, Any]:
    """What the page's part about identity shows; of the secrets to who may see keys alone."""
    may = request.member.may("keys:read")
    issued = take_once(request, _once(chatbot_id)) if may else None
    secrets = service.list_identity_secrets(chatbot_id) if may else []
    return {
        "signing": SIGNING,
        "identity_secrets": secrets,
        "issued_secret": issued,
        "may_add_secret": len(secrets) < service.MAX_SECRETS,
    }


@page("keys:write", "POST")
@sensitive_variables("issued")
def create_identity_secret(request: MemberRequest, chatbot_id: UUID) -> HttpResponse:
    """The next page shows it whole, this once."""
    try:
        issued = service.create_identity_secret(chatbot_id=chatbot_id, actor=request.member.actor)
    except Conflict as error:
        messages.error(request, error.message)
    else:
        keep_once(request, _once(chatbot_id), {"raw": issued.raw})
    return _back(chatbot_id)


@page("keys:write", "POST")
def revoke_identity_secret(
    request: MemberRequest, chatbot_id: UUID, secret_id: UUID
) -> HttpResponse:
    service.revoke_identity_secret(
        chatbot_id=chatbot_id, secret_id=secret_id, actor=request.member.actor
    )
    messages.success(request, _("The secret is revoked: what is signed with it names nobody."))
    return _back(chatbot_id)


def _once(chatbot_id: UUID) -> str:
    return f"identity_secret:{chatbot_id}"


def _back(chatbot_id: UUID) -> HttpResponse:
    return redirect(f"{reverse('install', args=[chatbot_id])}#identity")
