"""The offline answerer: it writes nothing of its own, it quotes the passages' best sentences.

It needs no model server. A statement is relevant when it meets the question's rarer terms, in any
spelling, and its meaning is near the question's (cosine of embeddings). What is quoted is whole: steps
with all steps, an item with its section. When nothing is relevant enough, or nothing that was found
holds a name in the question, the answer is that it does not know, without a citation.

The bounds are set on `bench/answers/tuning`.
"""

from conversations.llm.offline.answerer import LABEL, OfflineAnswerer
from conversations.llm.offline.replies import DOES_NOT_KNOW

__all__ = ["DOES_NOT_KNOW", "LABEL", "OfflineAnswerer"]
