"""The two local servers, PostgreSQL with pgvector and Redis, for when no URL is configured."""

from chatbot_saas.embedded.errors import EmbeddedError
from chatbot_saas.embedded.home import remove_home
from chatbot_saas.embedded.layout import Layout, layout, read_layout
from chatbot_saas.embedded.lifecycle import exclusive_servers, is_running, servers
from chatbot_saas.embedded.var_dir import VarDir

__all__ = [
    "EmbeddedError",
    "Layout",
    "VarDir",
    "exclusive_servers",
    "is_running",
    "layout",
    "read_layout",
    "remove_home",
    "servers",
]
