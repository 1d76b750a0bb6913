"""nginx with the product's own deploy/nginx.conf: only addresses, ports and paths are changed."""

import os
import re
import shutil
from collections.abc import Sequence
from pathlib import Path

from bench.stack import ROOT

CONFIGURATION = ROOT / "deploy" / "nginx.conf"
PROGRAM = shutil.which("nginx") or shutil.which("nginx", path="/usr/sbin")
MISSING = "nginx is not installed: apt-get install nginx-light"
# As in compose.yaml: addresses of the two web processes, nginx's port, its files.
_WEBS = re.compile(r"^( +server )172\.30\.83\.11:8000( .*\n)(?:^ +server 172\..*\n)+", re.MULTILINE)
_LISTEN, _TEMPORARY, _TLS = "listen 8080;", "/tmp/", "/etc/nginx/tls/"  # noqa: S108

# deploy/tls/tls.conf as docs/deploy.md has it, with ports of this machine. Before 1.25.1 nginx has no
# `http2 on`, and says so in `listen`.
_TLS_CONF = """\
listen 127.0.0.1:{https} ssl http2;
ssl_certificate     {folder}/tls/fullchain.pem;
ssl_certificate_key {folder}/tls/privkey.pem;
ssl_protocols TLSv1.2 TLSv1.3;
add_header Strict-Transport-Security "max-age=31536000" always;
if ($scheme = http) {{ return 308 https://$host:{https}$request_uri; }}
"""


def configuration(webs: Sequence[int], port: int, folder: Path) -> str:
    """The product's configuration for these ports of web processes, listening at `port`."""
    text = CONFIGURATION.read_text(encoding="utf-8")
    servers = "".join(rf"\g<1>127.0.0.1:{web}\g<2>" for web in webs)
    text, found = _WEBS.subn(servers, text)
    if found != 1:
        raise ValueError("deploy/nginx.conf has no list of web processes any more")
    changes = {
        _LISTEN: f"listen 127.0.0.1:{port};",
        _TEMPORARY: f"{folder}/",
        _TLS: f"{folder}/tls/",
    }
    for was, now in changes.items():
        if was not in text:
            raise ValueError(f"deploy/nginx.conf has no {was.strip()!r} any more")
        text = text.replace(was, now)
    return text


def tls_configuration(https: int, folder: Path) -> str:
    return _TLS_CONF.format(https=https, folder=folder)


def command(path: Path, *arguments: str, foreground: bool = False) -> list[str]:
    """nginx with the configuration at `path`; its files are beside it."""
    assert PROGRAM is not None
    # Files of a run are for its own account.
    own = "user root; " if os.geteuid() == 0 else ""
    own += "daemon off;" if foreground else ""
    return [PROGRAM, "-p", str(path.parent), "-c", str(path), "-g", own, *arguments]
