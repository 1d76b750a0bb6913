"""How drf-spectacular describes the API, beside what it reads from the views. Part of the settings."""

from typing import Any

DESCRIPTION: dict[str, Any] = {
    "OAS_VERSION": "3.1.0",
    "TITLE": "Chatbot API",
    "VERSION": "1",
    "DESCRIPTION": "Cited answers from a workspace's own documents. Every request carries "
    "`Authorization: Bearer` and a key.",
    "SERVERS": [{"url": "/"}],
    # In the order of the reference.
    "TAGS": [
        {"name": "Chat", "description": "Ask, and get a cited answer."},
        {"name": "Chatbots", "description": "Set chatbots up."},
        {"name": "Conversations", "description": "Read what was asked and answered."},
        {"name": "Documents", "description": "What answers are quoted from."},
        {"name": "Usage", "description": "What was used, and what may be."},
        {"name": "Keys", "description": "Who may call this API."},
        {"name": "Tokens", "description": "Programs that work as a member."},
        {"name": "This description", "description": "The API about itself."},
    ],
    "APPEND_COMPONENTS": {
        "securitySchemes": {
            "key": {
                "type": "http",
                "scheme": "bearer",
                "description": "An API key, or a member's access token.",
            }
        }
    },
    "SORT_OPERATIONS": False,
    "SORT_OPERATION_PARAMETERS": False,
    "COMPONENT_SPLIT_PATCH": False,
    # A status is a list of words where it stands, and no component of its own.
    "POSTPROCESSING_HOOKS": [],
}
