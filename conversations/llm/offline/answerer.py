"""Says what the chosen statements say, or one of its own few sentences."""

import re
from collections.abc import AsyncGenerator, Sequence

from conversations.llm.base import Embed, LLMEvent, LLMFinish, LLMRequest, LLMText, LLMUsage
from conversations.llm.offline.choice import choose, choose_contact
from conversations.llm.offline.replies import REPLIES, Reply, unknown
from conversations.llm.offline.scoring import score_statements
from conversations.llm.offline.whole import Whole
from conversations.text.analysis import analyse
from conversations.text.language import language_of
from conversations.text.message import questions_in, stands_alone
from conversations.text.sentences import with_links
from conversations.text.small_talk import SmallTalk, small_talk

LABEL = "Offline answers: sentences quoted from the documents, no language model"


# Of each of several questions so many quotes.
_EACH = 2


class OfflineAnswerer:
    """Answers from the request's passages alone."""

    name = "offline"

    def __init__(self, embed: Embed) -> None:
        self._embed = embed

    async def stream(self, request: LLMRequest) -> AsyncGenerator[LLMEvent, None]:
        # What was asked last; a line above it is what it follows up.
        talk = small_talk(request.question.rpartition("\n")[2])
        said = await (self._reply(request, talk) if talk else self._quote(request))
        words, reason = fit(said, request.max_tokens)
        for word in words:
            yield LLMText(word)
        prompt = sum(len(message.content) for message in request.messages)
        yield LLMUsage(tokens_in=-(-prompt // 4), tokens_out=len(words))
        yield LLMFinish(reason)

    async def _reply(self, request: LLMRequest, talk: SmallTalk) -> list[str]:
        """A sentence of its own; before what the documents say about contact for who wants a person."""
        language = talk.languages[0]
        if len(talk.languages) > 1:
            written_in = language_of("\n".join(each.text for each in request.passages[:3]))
            language = written_in if written_in in talk.languages else language
        replies = REPLIES[language]
        if talk.kind != "agent":
            kind: Reply = talk.kind
            return [replies[kind]]
        contact = await analyse([], choose_contact, request.passages)
        return [replies["agent"], *map(_cited, contact)] if contact else [replies["no_agent"]]

    async def _quote(self, request: LLMRequest) -> list[str]:
        """The answer's sentences."""
        before, line, asked = request.question.rpartition("\n")
        parts = questions_in(asked)
        found: list[Whole] = []
        for number, part in enumerate(parts if len(parts) > 1 else ()):
            # “How much is it, and how long does it take?” asks about one thing.
            context = f"{before}{line}" if number == 0 or stands_alone(part) else f"{parts[0]}\n"
            look = await score_statements(f"{context}{part}", request.passages, self._embed)
            found += [
                each for each in choose(look)[:_EACH] if not any(o.holds(each) for o in found)
            ]
        if found:
            return [_cited(each) for each in found]
        look = await score_statements(request.question, request.passages, self._embed)
        if chosen := choose(look):
            return [_cited(each) for each in chosen]
        asked_in = look.asked_in or look.written_in or "en"
        return [unknown(asked_in, look.written_in)]


def _cited(whole: Whole) -> str:
    within = whole.outline.sentences[whole.first : whole.last]
    text = with_links(whole.text, whole.outline.text[within[0].start : within[-1].end])
    return f"“{text}” [{whole.outline.passage.n}]"


def fit(said: Sequence[str], limit: int) -> tuple[list[str], str]:
    """The words of as many sentences as have at most `limit`, and why they end ("stop" or
    "length"). A first sentence that is too long is cut between words."""
    kept: list[str] = []
    for number, sentence in enumerate(said):
        words = re.findall(r"\s{0,2}\S+", sentence if number == 0 else f" {sentence}")
        if len(kept) + len(words) > limit:
            return kept or words[:limit], "length"
        kept += words
    return kept, "stop"
