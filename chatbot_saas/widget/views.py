"""The widget's scripts over HTTP, for any page of any origin."""

from django.http import HttpRequest, HttpResponse
from django.http.response import HttpResponseBase
from django.utils.cache import get_conditional_response
from django.views.decorators.http import require_safe

from chatbot_saas.widget.bundle import SCRIPTS, read_script
from chatbot_saas.widget.looks import launcher_for
from chatbot_saas.widget.remembered import NotNow
from core.client_ip import network_of
from core.errors import NotFound
from core.responses import problem_response
from tenants.limits.forms import address_of

# Short, because a page cannot be told to load a new version; asking again costs a 304.
_HEADERS = {
    "Cache-Control": "public, max-age=300, stale-while-revalidate=86400",
    "Access-Control-Allow-Origin": "*",
    "Cross-Origin-Resource-Policy": "cross-origin",
    "Vary": "Accept-Encoding",
}


@require_safe
async def script(request: HttpRequest, name: str) -> HttpResponseBase:
    """A script for any page of any origin; the launcher with the look of the `key`'s chatbot."""
    if name not in SCRIPTS:
        return problem_response(NotFound("There is nothing at this address."), request)
    headers, key = _HEADERS, request.GET.get("key", "").strip()
    try:
        network = network_of(address_of(request))
        served = await launcher_for(key, network) if name == "v1.js" else read_script(name)
    except NotNow:
        # Without its look for once, and not for as long as it would be kept.
        served, headers = read_script(name), {**_HEADERS, "Cache-Control": "no-store"}
    coding = _coding(request.headers.get("Accept-Encoding", ""))
    # Each form is a representation of its own, and a cache must not mix them.
    etag = f'"{"-".join(filter(None, (served.digest, coding)))}"'
    response = HttpResponse(
        served.packed[coding] if coding else served.plain,
        content_type="text/javascript; charset=utf-8",
        headers={**headers, "ETag": etag, **({"Content-Encoding": coding} if coding else {})},
    )
    found = get_conditional_response(request, etag=etag, response=response)
    assert found is not None
    if found.status_code == 304:
        for header, value in headers.items():
            found.headers[header] = value
    return found


def _coding(accepted: str) -> str:
    """The smallest coding that the client takes; nothing for none of ours."""
    parts = [part.replace(" ", "").partition(";") for part in accepted.lower().split(",")]
    taken = {name for name, _, weight in parts if weight.strip("0.") != "q="}
    return next((coding for coding in ("br", "gzip") if coding in taken), "")
