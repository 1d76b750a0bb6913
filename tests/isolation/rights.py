"""What each role may, written once more: tests that asked the product would agree with its mistakes."""

_READ = {
    *("overview:read", "conversations:read", "documents:read", "chatbots:read"),
    *("usage:read", "members:read"),
}
_AGENT = _READ | {"documents:write", "conversations:write"}
_ADMIN = _AGENT | {
    *("chatbots:write", "keys:read", "keys:write", "members:write"),
    *("conversations:export", "usage:write"),
}
MAY: dict[str, set[str]] = {
    "viewer": _READ,
    "agent": _AGENT,
    "admin": _ADMIN,
    "owner": _ADMIN | {"workspace:write"},
}
# The rows of the table "Roles" of docs/dashboard.md.
IN_WORDS: dict[str, set[str]] = {
    "look at the overview, conversations, documents, chatbots, usage, members": _READ,
    "add and remove documents, delete conversations": {"documents:write", "conversations:write"},
    "change chatbots, API keys, members, the budget; see API keys; export conversations": {
        *("chatbots:write", "keys:read", "keys:write", "members:write"),
        *("conversations:export", "usage:write"),
    },
    "make and unmake owners, read the audit trail": {"workspace:write"},
}
