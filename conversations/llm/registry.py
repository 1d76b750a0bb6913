"""Which adapter answers for a model."""

from conversations.llm.base import LLM, OFFLINE, Endpoint
from conversations.llm.offline import Embed, OfflineAnswerer


def llm_for(model: str, *, endpoint: Endpoint | None, embed: Embed) -> LLM:
    """The answerer of a model; without an endpoint every model is the offline one."""
    if endpoint is None or model == OFFLINE:
        return OfflineAnswerer(embed)
    # Imported here: the client's package costs half a second and 23 MB, for nothing without a provider.
    from conversations.llm.openai import OpenAICompatible

    return OpenAICompatible(endpoint)
