"""Greetings, thanks and “who are you?”, and the line that answers them. Pure.

Whole messages only: “Hello, what does delivery cost?” is a question.
"""

import re

_LINES = {
    "en": "Hello! I am the offline assistant, a program: ask me something, and I quote the "
    "sentences of the documents here that answer it.",
    "de": "Hallo! Ich bin der Offline-Assistent, ein Programm: Fragen Sie etwas, und ich zitiere "
    "die Sätze der Dokumente hier, die darauf antworten.",
    "es": "¡Hola! Soy el asistente sin conexión (offline), un programa: pregunte algo y citaré las "
    "frases de los documentos que responden.",
    "fr": "Bonjour ! Je suis l'assistant hors ligne (offline), un programme : posez une question "
    "et je cite les phrases des documents qui y répondent.",
    "fa": "سلام! من دستیار آفلاین (offline) هستم، یک برنامه: بپرسید تا جمله‌هایی از اسناد را که "
    "پاسخ می‌دهند نقل کنم.",
}

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
    language: re.compile(re.sub(r"\s+", " ", re.sub(r"\s*\|\s*", "|", phrases)))
    for language, phrases in _PHRASES.items()
}


def greeting(message: str) -> str:
    """The friendly line that answers the message; empty when it is no greeting."""
    said = " ".join(re.sub(r"[^\w\s'’-]|_", " ", message.casefold().replace("\u200c", " ")).split())
    for language, known in _KNOWN.items():
        if known.fullmatch(said):
            return _LINES[language]
    return ""
