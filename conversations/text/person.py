"""Whether a visitor asks for a person instead of an answer. Pure."""

import re

_LONGEST = 200
_PEOPLE = (
    r"human|(?:real |live )?person|someone|somebody|agent|advisor|representative|staff|employee|operator"
    r"|menschen?|person|mitarbeiter(?:in)?|berater(?:in)?|kundendienst|jemand(?:em|en)?"
    r"|humano|persona(?: real)?|agente|asesora?|alguien|humain|conseill(?:er|ère)|quelqu['’]un|personne"
    r"|umano|operatore|humana|atendente|alguém|mens|medewerker|человек\w*|оператор\w*|انسان|اپراتور|پشتیبان"
)
_VERBS = (
    r"talk|speak|chat|connect|transfer|contact|call|reach|sprechen|reden|verbinden|anrufen|kontaktieren"
    r"|hablar|contactar|llamar|parler|contacter|joindre|appeler|parlare|contattare|falar|spreken|praten"
    r"|поговорить|связаться|صحبت|تماس"
)
_ASKS = re.compile(
    rf"(?:(?:a|an|the|ein|eine|einen|einem|un|una|une|uno|um|uma|een) )?(?:{_PEOPLE})"
    rf"(?: please| bitte| por favor| s['’]il vous plaît)?"
    rf"|.{{0,80}}\b(?:{_VERBS})\b.{{0,40}}\b(?:{_PEOPLE})\b.{{0,60}}"
    rf"|.{{0,80}}\b(?:{_PEOPLE})\b.{{0,40}}\b(?:{_VERBS})\b.{{0,60}}"
)


def asks_for_person(message: str) -> bool:
    """True for “human”, “Can I talk to somebody?” and the like in a dozen languages.

    >>> asks_for_person("Kann ich mit einem Menschen sprechen?"), asks_for_person("Is it human food?")
    (True, False)
    """
    if len(message) > _LONGEST:
        return False
    said = " ".join(re.sub(r"[^\w\s'’-]|_", " ", message.casefold()).split())
    return _ASKS.fullmatch(said) is not None
