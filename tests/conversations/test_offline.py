"""The offline answerer quotes what is relevant and says when nothing is."""

import pytest

from conversations.llm.base import LLMFinish, LLMRequest, LLMText, LLMUsage, Passage
from conversations.llm.offline import DOES_NOT_KNOW, OfflineAnswerer
from conversations.llm.offline.replies import REPLIES
from conversations.llm.providers import embed_texts
from conversations.text.language_names import LANGUAGE_NAMES
from tests.conversations.passages import make_passage

FACTS = """The access code of the Zorblatt depot is 48213. Only the night shift may use it.

The canteen opens at 7:40. Our warranty for the Quorvex pump is 37 months.

The reference number of the Helmstad contract is HX-99182. Visitors register with Mrs. Tandoori.
"""


def passage(text: str, n: int = 1) -> Passage:
    return make_passage(text, n, title="Notes")


async def answer(question: str, *passages: Passage) -> str:
    request = LLMRequest(
        model="offline", messages=(), question=question, passages=passages, max_tokens=100
    )
    events = [event async for event in OfflineAnswerer(embed_texts).stream(request)]
    assert isinstance(events[-2], LLMUsage)
    assert events[-1] == LLMFinish("stop")
    return "".join(event.text for event in events if isinstance(event, LLMText))


@pytest.mark.parametrize(
    ("question", "fact"),
    [
        ("What is the access code of the Zorblatt depot?", "48213"),
        ("Which code opens the Zorblatt depot?", "48213"),
        ("How do I get into the Zorblatt depot?", "48213"),
        ("zorblatt depot access code", "48213"),
        ("When does the canteen open?", "7:40"),
        ("For how many months is the Quorvex pump guaranteed?", "37 months"),
        ("Helmstad contract number?", "HX-99182"),
        ("Where do visitors register?", "Tandoori"),
    ],
)
async def test_a_fact_is_quoted_and_cited_however_it_is_asked_for(question: str, fact: str) -> None:
    text = await answer(question, passage("Nothing of interest here at all.", 1), passage(FACTS, 2))
    assert fact in text
    assert "[2]" in text


@pytest.mark.parametrize(
    "question",
    [
        "Who painted the Mona Lisa?",
        "How do I bake a sourdough bread?",
        "What is the access code of the Fribble depot?",
        "What is the warranty of the X200 pump?",
        "Hello, who painted the Mona Lisa?",
        "???",
    ],
)
async def test_what_is_not_there_is_not_known(question: str) -> None:
    assert await answer(question, passage(FACTS)) == DOES_NOT_KNOW


async def test_without_passages_nothing_is_known() -> None:
    assert await answer("What is the access code?") == DOES_NOT_KNOW


async def test_the_same_sentence_is_quoted_once() -> None:
    text = await answer("When does the canteen open?", passage(FACTS, 1), passage(FACTS, 2))
    assert text.count("7:40") == 1


POLICY = """# Returns policy

You may return most items within 30 days of delivery. Books and
magazines can be returned within 14 days only, and only unread.

## Exchanges

To exchange a jacket for another size, start a return in your
account. We send the new one free of charge.

## Costs by country

| Country | Label | Price |
|---------|-------|-------|
| Austria | by e-mail | 4.90 EUR |
| Switzerland | in the parcel | 12.50 EUR |

## Contact

Questions about returns: **+43 316 555 0199**, weekdays from 9 to 17.
"""
FAQ = """Standard delivery
Standard delivery costs 3.90 EUR and takes three to five working days.
Express delivery
Express delivery costs 9.90 EUR and arrives on the next working day.
Lost parcels
If your parcel has not arrived after ten working days, write to us and we send a new one.
Parental leave

Parents may take up to 24 months.

The first 16 weeks are paid in full.

Model | Weight | Price

Trailhawk Mini | 42 g | 249 EUR

Trailhawk Max | 180 g | 499 EUR"""


@pytest.mark.parametrize(
    ("question", "quoted"),
    [
        ("What happens if my parcel is lost?", "If your parcel has not arrived after ten"),
        ("How much is standard delivery?", "Standard delivery costs 3.90 EUR and takes"),
        ("How do I swap a jacket for a different size?", "start a return in your account.”"),
        (
            "How much does a return from Austria cost?",
            "Austria — Label: by e-mail; Price: 4.90 EUR",
        ),
        ("How heavy is the Trailhawk Mini?", "Trailhawk Mini — Weight: 42 g; Price: 249 EUR"),
        ("How long is parental leave paid?", "The first 16 weeks are paid in full."),
        ("How much is standard delivery?\nand express?", "Express delivery costs 9.90 EUR"),
        ("How many days do I have to return it?\nand for books?", "Books and magazines can be"),
        ("What is the deadline for sending back books?", "within 14 days only"),
        ("What is the phone number for returns?", "returns: +43 316 555 0199, weekdays"),
    ],
)
async def test_the_sentence_that_answers_is_quoted_whole(question: str, quoted: str) -> None:
    text = await answer(question, passage(POLICY, 1), passage(FAQ, 2))
    assert quoted in text
    for mark in ("“Standard delivery”", "“Lost parcels”", "“Parental leave”", "|", "**", "#", "\n"):
        assert mark not in text


@pytest.mark.parametrize(
    ("message", "word"),
    [
        ("hello", "Hello"),
        ("Hi there!", "quote"),
        ("Are you a human?", "a program"),
        ("What can you do?", "quote"),
        ("Guten Tag", "Hallo"),
        ("¿Qué puedes hacer?", "Hola"),
        ("Bonjour !", "Bonjour"),
        ("سلام", "آفلاین"),
    ],
)
async def test_a_greeting_is_greeted_and_cites_nothing(message: str, word: str) -> None:
    text = await answer(message, passage(FAQ))
    assert word in text
    assert "offline" in text.casefold()
    assert "[1]" not in text


@pytest.mark.parametrize(
    ("message", "reply"),
    [
        ("thanks", "You are welcome!"),
        ("How much is standard delivery?\nGreat, thank you so much!", "You are welcome!"),
        ("How much is standard delivery?\nok", "What else"),
        ("How much is standard delivery?\nno", "other words"),
        ("How much is standard delivery?\nthat is wrong", "other words"),
        ("Wie lange dauert es?\nfalsch!", "anderen Worten"),
        ("bye", "Goodbye!"),
        ("ok thanks, that helped", "You are welcome!"),
        ("muchas gracias", "¡De nada!"),
        ("ممنون", "خواهش"),
        ("谢谢", "不客气"),
    ],
)
async def test_small_talk_repeats_no_answer(message: str, reply: str) -> None:
    text = await answer(message, passage(FAQ))
    assert reply in text
    assert "3.90" not in text
    assert "[1]" not in text


@pytest.mark.parametrize(
    "message", ["human", "I want to talk to a human", "speak to a person please"]
)
async def test_who_wants_a_person_is_told_the_contact(message: str) -> None:
    text = await answer(message, passage(FAQ, 1), passage(POLICY, 2))
    assert "+43 316 555 0199" in text
    assert "[2]" in text
    assert await answer(message, passage(FAQ)) == REPLIES["en"]["no_agent"]


@pytest.mark.parametrize(
    ("question", "said"),
    [
        ("Verkauft ihr auch Zelte?", "Ich weiß es nicht"),
        ("¿Tienen tiendas de campaña?", "No lo sé"),
        ("Vendez-vous des tentes ?", "Je ne sais pas"),
        ("Vocês não vendem barracas?", "Não sei"),
        ("Apakah kamu menjual tenda?", "Saya tidak tahu"),
        ("Вы продаёте палатки?", "Я не знаю"),
        ("你们卖帐篷吗？", "我不知道"),
        ("क्या आप तंबू बेचते हैं?", "मुझे नहीं पता"),
        ("هل تبيعون الخيام؟", "لا أعرف"),
        ("আপনারা কি তাঁবু বিক্রি করেন?", "আমি জানি না"),
        ("آیا چادر می‌فروشید؟", "نمی‌دانم"),
    ],
)
async def test_it_does_not_know_in_the_language_of_the_question(question: str, said: str) -> None:
    text = await answer(question, passage(FAQ))
    assert text.startswith(said)
    assert "English" in text
    assert "[1]" not in text


def test_every_language_has_every_reply() -> None:
    assert REPLIES.keys() == LANGUAGE_NAMES.keys()
    assert all(each.keys() == REPLIES["en"].keys() for each in REPLIES.values())


async def limited(limit: int) -> tuple[str, LLMUsage, LLMFinish]:
    question = "Which delivery costs what, standard delivery and express delivery?"
    request = LLMRequest(
        model="offline", messages=(), question=question, passages=(passage(FAQ),), max_tokens=limit
    )
    events = [event async for event in OfflineAnswerer(embed_texts).stream(request)]
    usage, finish = events[-2:]
    assert isinstance(usage, LLMUsage)
    assert isinstance(finish, LLMFinish)
    return "".join(one.text for one in events if isinstance(one, LLMText)), usage, finish


async def test_an_answer_ends_at_its_limit_after_a_sentence_where_one_fits() -> None:
    whole, usage, finish = await limited(1000)
    assert (whole.count("[1]"), finish.reason) == (2, "stop")
    short, shorter, finish = await limited(usage.tokens_out - 1)
    assert finish.reason == "length"
    assert shorter.tokens_out < usage.tokens_out
    assert short.endswith(" [1]")
    assert whole.startswith(short)
    assert (await limited(3))[1:] == (LLMUsage(0, 3), LLMFinish("length"))


ZONES = "# Shipping\n\n| Zone | Way | Price |\n|---|---|---|\n" + "".join(
    f"| Zone {zone} | {way} | {price} euros |\n"
    for zone, way, price in [
        ("A", "Letter", 3),
        ("A", "Parcel", 8),
        ("B", "Letter", 6),
        ("B", "Parcel", 14),
    ]
)


async def test_what_a_letter_tells_apart_is_told_apart() -> None:
    said = await answer("What does a parcel to Zone B cost?", passage(ZONES))
    assert "14 euros" in said
    assert "8 euros" not in said
    assert (await answer("What does a parcel to Zone C cost?", passage(ZONES))).startswith(
        "I do not"
    )


async def test_an_address_behind_a_word_is_given() -> None:
    manual = passage("The manual of the Corve drill is [on our site](https://docs.example/corve).")
    said = await answer("Where is the manual of the Corve drill?", manual)
    assert "[on our site](https://docs.example/corve)" in said


PRICES = """# Prices

| Bag | Comfort | Price |
|---|---|---|
| Wether 10 | +10 °C | £79.00 |
| Wether 2 | +2 °C | £109.00 |
| Eider | -8 °C | £340.00 |

The Wether is filled with wool. For the Eider we take down.

## Opening hours

| | Shop |
|---|---|
| Monday | 9.30–17.30 |
| Wednesday | 9.30–13.00 |
| Saturday | 9.00–18.00 |

## Find us

Hollin Ltd
14 Market Place
Ambleby

There is no parking in front of the shop.

We deliver to:

- Ireland
- France
- Norway

In Glimmer lamps there is a battery. A Glimmer costs £44.00. With the Skarv you get a cover.
"""


@pytest.mark.parametrize(
    ("question", "said"),
    [
        ("hours?", ["Monday", "Wednesday", "Saturday"]),
        ("which countries do you deliver to?", ["Ireland; France; Norway"]),
        ("where are you and is there parking?", ["14 Market Place Ambleby", "no parking"]),
        ("the eider is 340 quid, right?", ["£340.00"]),
        ("how much is the eider", ["£340.00"]),
    ],
)
async def test_what_is_asked_in_a_few_words_is_answered_whole(
    question: str, said: list[str]
) -> None:
    text = await answer(question, passage(PRICES))
    assert [part for part in said if part not in text] == []


@pytest.mark.parametrize(
    "question",
    [
        # Of the name alone something is known.
        "does the glimmer have a red light?",
        # A sum is asked for, and no other bag's.
        "how much is the skarv?",
        "how heavy is the eider?",
    ],
)
async def test_a_name_alone_is_no_answer(question: str) -> None:
    assert (await answer(question, passage(PRICES))).startswith("I do not know")
