"""`MEDIA_URL` as values."""

import re
from dataclasses import dataclass
from pathlib import Path
from urllib.parse import parse_qsl, unquote, urlsplit

_BUCKET = re.compile(r"[a-z0-9][a-z0-9.-]{1,61}[a-z0-9]")
_PREFIX = re.compile(r"([A-Za-z0-9_-][A-Za-z0-9._-]*(/[A-Za-z0-9_-][A-Za-z0-9._-]*)*)?")
_ENCRYPTIONS = ("", "AES256", "aws:kms")
SILENT = "Documents cannot be written: the bucket of MEDIA_URL does not answer."
_KNOWN = {"region", "endpoint", "sse", "key"}


@dataclass(frozen=True, slots=True)
class Bucket:
    """`encryption` and `key_id` are what the server is asked to encrypt with; nothing: its default."""

    name: str
    prefix: str = ""
    region: str = ""
    endpoint: str = ""
    encryption: str = ""
    key_id: str = ""


def read_media_url(url: str) -> Path | Bucket:
    """Raises ValueError, which says what is wrong."""
    parts = urlsplit(url)
    if parts.scheme == "file":
        if parts.netloc or not parts.path.startswith("/") or parts.query:
            raise ValueError("a folder is file:///path")
        return Path(unquote(parts.path)).resolve()
    if parts.scheme != "s3":
        raise ValueError("it is file:///path or s3://bucket/prefix?region=…")
    if not _BUCKET.fullmatch(parts.netloc):
        raise ValueError("between s3:// and the next / stands the name of a bucket alone")
    prefix = parts.path.strip("/")
    if not _PREFIX.fullmatch(prefix):
        raise ValueError("the prefix has letters, digits and - _ . alone")
    try:
        pairs = parse_qsl(parts.query, keep_blank_values=True, strict_parsing=bool(parts.query))
    except ValueError:
        raise ValueError("what stands behind the ? is name=value&name=value") from None
    given = dict(pairs)
    if unknown := sorted(given.keys() - _KNOWN):
        raise ValueError(f"{unknown[0]} is not one of {', '.join(sorted(_KNOWN))}")
    endpoint = given.get("endpoint", "")
    if endpoint and not _is_endpoint(endpoint):
        raise ValueError("endpoint is an address such as https://s3.example.com")
    encryption, key_id = given.get("sse", ""), given.get("key", "")
    if encryption not in _ENCRYPTIONS:
        raise ValueError("sse is AES256 or aws:kms")
    if key_id and encryption != "aws:kms":
        raise ValueError("key needs sse=aws:kms")
    return Bucket(parts.netloc, prefix, given.get("region", ""), endpoint, encryption, key_id)


def _is_endpoint(url: str) -> bool:
    parts = urlsplit(url)
    return parts.scheme in ("http", "https") and bool(parts.hostname) and not parts.username
