"""Small talk: greetings, thanks and “who are you?”. Pure.

No document answers it, so a reply to it needs no source. Whole messages only: “Hello, what does
delivery cost?” is a question.
"""

import re

_PHRASES = {
    "en": """hello|hello there|hi|hi there|hey|hey there|good morning|good afternoon|good evening
        |good day|thanks|thank you|thanks a lot|thank you very much|many thanks|bye|goodbye
        |how are you|are you (?:a )?(?:human|robot|bot|real|real person|person|machine|ai)
        |are you an ai|who are you|what are you|what can you do|what do you do
        |how can you help(?: me)?|what can i ask(?: you)?|can you help me""",
    "de": """hallo|guten (?:morgen|tag|abend)|moin|servus|grüß gott|grüezi|danke|danke schön|vielen
        dank|tschüss|auf wiedersehen|wer bist du|wer sind sie|was kannst du|was können sie
        |bist du (?:ein )?(?:mensch|roboter|bot)|sind sie (?:ein )?(?:mensch|roboter|bot)""",
    "es": """hola|buenos días|buenas tardes|buenas noches|buenas|gracias|muchas gracias|adiós
        |quién eres|qué puedes hacer|eres (?:un )?(?:humano|robot|bot)""",
    "fr": """bonjour|bonsoir|salut|coucou|merci|merci beaucoup|au revoir|qui es[- ]tu|qui êtes[- ]vous
        |que peux[- ]tu faire|que pouvez[- ]vous faire|es[- ]tu (?:un )?(?:humain|robot)
        |êtes[- ]vous (?:un )?(?:humain|robot)""",
    "fa": """سلام|درود|سلام علیکم|صبح بخیر|عصر بخیر|شب بخیر|ممنون|مرسی|متشکرم|سپاس|خداحافظ
        |تو کی هستی|شما کی هستید|چه کار می ?توانی بکنی|آیا (?:تو|شما) (?:انسان|ربات) (?:هستی|هستید)""",
}
_KNOWN = {
    language: re.compile("|".join(" ".join(phrase.split()) for phrase in phrases.split("|")))
    for language, phrases in _PHRASES.items()
}


def small_talk_language(message: str) -> str | None:
    """The language of a greeting, thanks or a question about the assistant itself; None for what may
    be asked of a document.

    >>> small_talk_language("Guten Tag!"), small_talk_language("Hello, what does delivery cost?")
    ('de', None)
    """
    # Punctuation and joiners say nothing here, and everybody sets them differently.
    said = " ".join(re.sub(r"[^\w\s'’-]|_", " ", message.casefold().replace("\u200c", " ")).split())
    return next((language for language, known in _KNOWN.items() if known.fullmatch(said)), None)
