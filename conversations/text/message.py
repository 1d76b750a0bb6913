"""What of a visitor's message asks something, without salutations and signatures. Pure."""

import re
from typing import NamedTuple

from conversations.text.content import content_words
from conversations.text.language import language_of
from conversations.text.sentences import sentences
from conversations.text.small_talk import small_talk

_NAME = r"(?-i:[^\W\d_a-zà-ÿ][^\W\d_]*(?:[-'’.][^\W\d_]+)*\.?)"
_GREETING = (
    r"(?:hello|hi|hey|dear|good (?:morning|afternoon|evening|day)|thanks|thank you|many thanks"
    r"|ok|okay|please"
    r"|hallo|guten (?:tag|morgen|abend)|sehr geehrte|liebes?|lieber|danke|bitte|hola"
    r"|buenos días|buenas tardes"
    r"|gracias|estimad[oa]s?|bonjour|bonsoir|merci|olá|bom dia|obrigad[oa]|halo|здравствуйте"
    r"|привет|спасибо"
    r"|سلام|با سلام|درود|ممنون|مرحبا|你好|您好|谢谢)"
)
_OPENING = re.compile(
    rf"{_GREETING}(?: (?:there|all|a lot|so much|team|herr|frau|mr|mrs|ms"
    rf"|dr){{1}}\.?)?(?:,? {_NAME}){{0,2}}[,.!،:;]+\s*",
    re.IGNORECASE,
)
_INTRODUCTION = re.compile(
    rf"(?:my name is|i am|i'm|this is|mein name ist|ich bin|ich heiße|hier ist|me llamo|soy"
    rf"|mi nombre es"
    rf"|je m'appelle|je suis|meu nome é|меня зовут) {_NAME}(?: {_NAME}){{0,2}}(?: (?:from|aus"
    rf"|de|of|и|from) {_NAME})?"
    rf"(?=[\s,.!]|$)[,.!]*(?: (?:and|und|y|et|e)(?= ))?\s*",
    re.IGNORECASE,
)
_SALUTATION = re.compile(rf"{_GREETING}(?!\w)[^?؟？]{{0,60}}$", re.IGNORECASE)
_SIGN_OFF = re.compile(
    r"(?:kind(?:est)? regards|best regards|warm regards|regards|best wishes|best|sincerely"
    r"|yours|many thanks"
    r"|thanks|thank you|cheers|mit freundlichen|freundliche|viele|liebe|beste|schöne|herzliche"
    r"|lg|mfg|vg|danke"
    r"|saludos|un saludo|atentamente|gracias|cordialement|bien à vous|merci|atenciosamente"
    r"|salam|с уважением"
    r"|با احترام|با تشکر|سپاس|sent from|gesendet von|enviado desde|-- ?$)",
    re.IGNORECASE,
)
_ASKS = ("?", "؟", "？", "?”", '?"')
_CONNECTIVE = re.compile(
    r"\W{0,3}(?:and|what about|how about|but|or|also|und|aber|oder|was ist mit|wie ist es mit"
    r"|auch|y|e|o|pero|et|ou"
    r"|mais|و|и|а|dan|और|এবং|اور|那|那么)(?!\w)",
    re.IGNORECASE,
)
_POINTS_BACK = re.compile(
    r"(?<!\w)(?:it|they|them|that|this|these|those|ones?|he|she|him|her|davon|dafür|dazu|damit"
    r"|dort|ihn|eso|esto"
    r"|ello|ça|cela|isso|isto|آن|این|его|её|это)(?!\w)",
    re.IGNORECASE,
)
# “It costs 119, right?”
_TAG = re.compile(
    r"[,\s]{1,3}(?:right|correct|yes|no|innit|isn't it|is that right|oder|nicht wahr|verdad|no es así|non"
    r"|n'est-ce pas|né|درسته|是吗|对吗)\s{0,3}\?$",
    re.IGNORECASE,
)
# Content words of a question that needs none before it, and of one that goes on or points back.
_STANDS_ALONE, _GOES_ON, _POINTING = 2, 4, 3
# A question is a sentence or a few; a longer text is looked at so far.
_LOOKED_AT = 2_000
_SIGN_OFF_WORDS = 6


class Message(NamedTuple):
    """`asked` on one line, and what the visitor told around it: "I have a helmet. Can I return it?"."""

    asked: str
    told: str = ""


def read_message(text: str) -> Message:
    """Never empty where the text is not.

    >>> read_message("Thanks, Joan. Is it open? Regards")
    Message(asked='Is it open?', told='')
    """
    whole = " ".join(text.split())
    if len(text) > _LOOKED_AT:
        return Message(whole)
    kept = []
    for sentence in sentences(" ".join(_letter(text).split())):
        said = _plain(sentence.text)
        if said and small_talk(said) is None and not _SIGN_OFF.fullmatch(said.rstrip(".,! ")):
            kept.append(said)
    asks = [said for said in kept if said.endswith(_ASKS)]
    if asks and len(asks) < len(kept):
        return Message(" ".join(asks), " ".join(said for said in kept if said not in asks))
    return Message(" ".join(kept) or whole)


def _letter(text: str) -> str:
    """A mail's lines without its salutation and what stands below its last words."""
    lines = [line.strip() for line in text.splitlines() if line.strip()]
    if len(lines) < 2:
        return text
    if _SALUTATION.match(lines[0]):
        lines = lines[1:]
    for number, line in enumerate(lines):
        if number and len(line.split()) <= _SIGN_OFF_WORDS and _SIGN_OFF.match(line):
            return "\n".join(lines[:number])
    return "\n".join(lines)


def _plain(sentence: str) -> str:
    for pattern in (_OPENING, _INTRODUCTION, _OPENING):
        if opening := pattern.match(sentence):
            sentence = sentence[opening.end() :].lstrip()
    return _TAG.sub("?", sentence)


def stands_alone(asked: str) -> bool:
    """Whether it can be understood without what was asked before."""
    if len(asked) > _LOOKED_AT:
        return True
    content = len(content_words(asked, language_of(asked)))
    if content < _STANDS_ALONE or (content <= _GOES_ON and _CONNECTIVE.match(asked)):
        return False
    return content > _POINTING or not _POINTS_BACK.search(asked)


# What a second question in one sentence begins with.
_ALSO = re.compile(
    r"\?\s+(?=\S)|,?\s(?:and|und|y|et|e)\s(?=(?:is|are|do|does|can|could|will|what|where|when|how|who"
    r"|which|gibt|wie|wo|wann|was|kann|hay|cómo|dónde|cuándo|qué|puedo|où|quand|comment|puis)\s)",
    re.IGNORECASE,
)
_MAX_QUESTIONS = 3


def questions_in(asked: str) -> list[str]:
    """The questions of a message that asks several things, or the message alone.

    >>> questions_in("where are you and is there parking?")
    ['where are you', 'is there parking?']
    """
    parts = [part for part in _ALSO.split(asked) if part.strip()]
    return parts if 1 < len(parts) <= _MAX_QUESTIONS else [asked]
