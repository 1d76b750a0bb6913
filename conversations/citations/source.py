"""A passage as quotes and support are looked for in it: each look is taken once an answer. Pure."""

from functools import cached_property

from conversations.citations.figures import figures, with_parts
from conversations.llm.base import Passage
from conversations.text.analysis import MAX_ANALYSED
from conversations.text.language import language_of
from conversations.text.sentences import Sentence, sentences, terms


class Source:
    """What a passage says, its title and heading included."""

    def __init__(self, passage: Passage) -> None:
        self.passage = passage
        self._said = f"{passage.title}\n{passage.heading}\n{passage.text[:MAX_ANALYSED]}"

    @cached_property
    def sentences(self) -> list[Sentence]:
        """Without headings: they prove nothing, and only say what follows."""
        found = sentences(self.passage.text[:MAX_ANALYSED])
        return [one for one in found if one.kind != "heading"]

    @cached_property
    def sentence_terms(self) -> list[set[str]]:
        """The terms of each of `sentences`."""
        return [set(terms(one.shown)) for one in self.sentences]

    @cached_property
    def terms(self) -> set[str]:
        return set(terms(self._said))

    @cached_property
    def figures(self) -> set[str]:
        return with_parts(figures(self._said))

    @cached_property
    def language(self) -> str | None:
        return language_of(self._said)
