"""Which adapter answers for a model."""

from conversations.llm.base import LLM
from conversations.llm.offline import Embed, OfflineAnswerer
from conversations.llm.openai import Endpoint, OpenAICompatible

OFFLINE = "offline"


def llm_for(model: str, *, endpoint: Endpoint | None, embed: Embed) -> LLM:
    """The answerer of a model; without an endpoint every model is the offline one."""
    if endpoint is None or model == OFFLINE:
        return OfflineAnswerer(embed)
    return OpenAICompatible(endpoint)
