"""What a page of ours may load."""

from typing import Any

from core.areas import paths_without_policy


def page_policy(static_origins: list[str]) -> dict[str, Any]:
    """The setting CONTENT_SECURITY_POLICY; static files may come from these origins too."""
    return {
        "EXCLUDE_URL_PREFIXES": paths_without_policy(),
        "DIRECTIVES": {
            "default-src": ["'none'"],
            "script-src": ["'self'", *static_origins],
            "style-src": ["'self'", *static_origins],
            "img-src": ["'self'", "data:", *static_origins],
            "font-src": ["'self'", *static_origins],
            "connect-src": ["'self'"],
            "form-action": ["'self'"],
            "frame-ancestors": ["'none'"],
            "base-uri": ["'none'"],
        },
    }
