"""Bytes → text: whatever the file was written with is read, or refused; it is never garbage."""

import os
import tracemalloc

import pytest

from knowledge.parsing.base import ParseError
from knowledge.parsing.decoding import decode

GERMAN = "Die Gebühr für verspätete Rückgaben beträgt 2,40 €. Öffnungszeiten: täglich."
CZECH = "Půjčovna je otevřena každý den. Poplatek činí třicet korun za pozdní vrácení."
RUSSIAN = "Прокат лодок открыт с восьми утра. Залог составляет две тысячи рублей."
UKRAINIAN = "Бібліотека відчиняється о дев'ятій. Їжак і ґанок чекають на вас."
CHINESE = "博物馆周一闭馆。门票三十元，学生半价。"
TAIWANESE = "博物館星期一休館。門票三十元，學生半價。"
JAPANESE = "美術館は月曜日に休みです。入場料は六百円で、カードも使えます。"
KOREAN = "박물관은 월요일에 쉽니다. 입장료는 삼천 원입니다."
ARABIC = "المتحف مغلق يوم الإثنين. ثمن التذكرة ثلاثون درهما."
GREEK = "Το μουσείο είναι κλειστό τη Δευτέρα. Το εισιτήριο κοστίζει έξι ευρώ."
HEBREW = "המוזיאון סגור ביום שני. מחיר הכרטיס שלושים שקלים."
TURKISH = "Müze pazartesi günü kapalıdır. Giriş ücreti otuz liradır, öğrenciye yarısı."
THAI = "พิพิธภัณฑ์ปิดวันจันทร์ ค่าเข้าชมสามสิบบาท"


@pytest.mark.parametrize(
    ("text", "encoding"),
    [
        (GERMAN, "cp1252"),
        ("Don’t pay: the café costs €20.", "cp1252"),
        ("Käse", "cp1252"),
        (GERMAN, "iso8859_15"),
        (GERMAN.replace("€", "Euro"), "cp850"),
        ("Don’t pay: the café costs €20.", "mac_roman"),
        (CZECH, "cp1250"),
        (CZECH, "iso8859_2"),
        (RUSSIAN, "cp1251"),
        (RUSSIAN, "koi8_r"),
        (RUSSIAN, "cp866"),
        (UKRAINIAN, "cp1251"),
        (UKRAINIAN, "koi8_u"),
        (CHINESE, "gb18030"),
        (TAIWANESE, "big5"),
        (JAPANESE, "cp932"),
        (JAPANESE, "euc_jp"),
        (JAPANESE, "iso2022_jp"),
        (KOREAN, "cp949"),
        (ARABIC, "cp1256"),
        (GREEK, "cp1253"),
        (HEBREW, "cp1255"),
        (TURKISH, "cp1254"),
        (THAI, "cp874"),
        (GERMAN, "utf-16-le"),
        (GERMAN, "utf-16-be"),
    ],
)
def test_what_has_no_mark_is_known_by_its_letters(text: str, encoding: str) -> None:
    assert decode(text.encode(encoding)) == text


@pytest.mark.parametrize("before", ["", "Plain. " * 9_000])
def test_long_files_are_known_by_a_part_of_them(before: str) -> None:
    for text, encoding in [(CHINESE, "gb18030"), (JAPANESE, "cp932"), (GERMAN, "cp1252")]:
        for repeated in (text * 4_000, f"a{text * 4_000}"):
            assert decode((before + repeated).encode(encoding)) == before + repeated


def test_a_broken_byte_leaves_the_rest_of_a_file_alone() -> None:
    for text in (GERMAN, RUSSIAN, CHINESE, KOREAN):
        data = text.encode()
        assert decode(data + b" \xe9t\xe9") == f"{text} été"
        # Cut off within a character.
        assert decode(data + b" \xe2\x82").startswith(text)


def test_signs_of_another_encoding_in_utf8_are_signs() -> None:
    text = "Käse \x1b$ für 5 €, gemäß der Liste."
    assert decode(text.encode()) == text
    assert decode(GERMAN.encode(), "iso-2022-jp") == GERMAN


def test_a_large_old_file_takes_little_more_than_itself() -> None:
    data = (RUSSIAN * 100_000).encode("cp1251")
    tracemalloc.start()
    try:
        assert decode(data) == RUSSIAN * 100_000
        peak = tracemalloc.get_traced_memory()[1]
    finally:
        tracemalloc.stop()
    assert peak < 12 * len(data)


def test_what_a_page_says_of_itself_loses_against_what_it_is() -> None:
    assert decode(GERMAN.encode(), "utf-16") == GERMAN
    assert decode(GERMAN.encode(), "iso-8859-1") == GERMAN
    assert decode(GERMAN.encode("cp1252"), "utf-8") == GERMAN


@pytest.mark.parametrize(
    ("label", "encoding", "text"),
    [
        ("ISO-8859-1", "cp1252", "€20 – don’t"),
        ("gb2312", "gbk", "镕基大厦"),
        ("shift_jis", "cp932", "①㈱髙島屋"),
        ("euc-kr", "cp949", "똠방각하"),
        ("iso-8859-2", "iso8859_2", CZECH),
        ("iso-8859-15", "iso8859_15", "œuvre à 5 €"),
    ],
)
def test_a_name_means_what_browsers_read_it_as(label: str, encoding: str, text: str) -> None:
    assert decode(text.encode(encoding), label) == text


@pytest.mark.parametrize("label", ["rot13", "zlib", "unicode_escape", "utf-7", "idna", "no-such"])
def test_a_name_of_no_text_is_none(label: str) -> None:
    assert decode(b"a+AGE-\\u0062 caf\xe9", label) == "a+AGE-\\u0062 café"


def test_a_stray_zero_is_a_blank() -> None:
    assert decode(b"Open until\x00seven.") == "Open until seven."


def test_what_is_no_text_is_refused() -> None:
    noise = os.urandom(20_000)
    for data in (noise, noise.replace(b"\x00", b"\x01"), b"\x00\x01\x02\x03" * 50):
        with pytest.raises(ParseError) as caught:
            decode(data)
        assert caught.value.code == "not_text"
