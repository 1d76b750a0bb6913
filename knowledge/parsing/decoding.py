"""Bytes of a text file → text. The byte-order mark is dropped, line ends stay as they are."""

import codecs
import re
from collections.abc import Callable

from knowledge.parsing.base import ParseError

_MARKS = (
    (codecs.BOM_UTF8, "utf-8"),
    (codecs.BOM_UTF32_LE, "utf-32-le"),
    (codecs.BOM_UTF32_BE, "utf-32-be"),
    (codecs.BOM_UTF16_LE, "utf-16-le"),
    (codecs.BOM_UTF16_BE, "utf-16-be"),
)
_BROKEN = re.compile("[\udc80-\udcff]")
_BINARY = re.compile(rb"[\x00-\x08\x0e-\x1a\x1c-\x1f]")
_HEAD = 65_536
# UTF-8 with less broken than that is UTF-8: in other encodings its sequences occur by chance, and rarely.
_MAX_BROKEN = 1 / 3
# Of any other encoding so much may be broken. A file of a wrong one has far more.
_MAX_LOST = 0.01
# What files without a mark are written in where it is not UTF-8, the commonest first.
_OLD = (
    "cp1252 cp1251 gb18030 cp932 big5 cp949 euc_jp cp1256 cp1250 cp1254 cp1253 cp1255 koi8_r koi8_u "
    "cp866 mac_roman mac_cyrillic cp874 iso8859_2"
).split()
_EAST = frozenset({"gb18030", "cp932", "big5", "cp949", "euc_jp"})
# What is written with the letters of each encoding, by language.
_BEYOND = re.compile(r"[^\x00-\x7f]+")
_WESTERN = "äöüß àâæçèéêëîïôœùûü áéíñóúü àèéìòù áâãàçéêíóõôú áèéëïóöü åäöé åæøéòô áðéíóúýþæö õäöü"
_LATIN = {
    "cp1252": _WESTERN,
    "iso8859_15": _WESTERN,
    "cp1254": "çğıöşüâîûi̇",
    "cp1250": "ąćęłńóśźż áčďéěíňóřšťúůýž áäčďéíĺľňóôŕšťúýž áéíóöőúüű čćđšž ăâîşţ",
    "iso8859_2": "ąćęłńóśźż áčďéěíňóřšťúůýž áäčďéíĺľňóôŕšťúýž áéíóöőúüű čćđšž ăâîşţ",
    "mac_roman": _WESTERN,
    "cp850": _WESTERN,
}
_SIGNS = "\xa0€‘’“”„–—…«»°§¿¡·½£©®™²³×±µªº†•"
# So much tells the encoding, from a little before the first byte that is not ASCII.
_BEFORE, _SAMPLE = 200, 32_768
_HIGH = re.compile(rb"[\x80-\xff]")
# A name of a page's encoding → what browsers read it as (https://encoding.spec.whatwg.org/#names-and-labels).
# Names of no text, such as Python has, are none.
_LABELS = {
    label: codec
    for codec, labels in {
        "cp1252": "windows-1252 cp1252 iso-8859-1 iso8859-1 iso_8859-1 latin1 l1 ascii us-ascii",
        "cp1250": "windows-1250 cp1250",
        "cp1251": "windows-1251 cp1251",
        "cp1253": "windows-1253 cp1253",
        "cp1254": "windows-1254 cp1254 iso-8859-9 latin5",
        "cp1255": "windows-1255 cp1255",
        "cp1256": "windows-1256 cp1256",
        "cp1257": "windows-1257 cp1257",
        "cp1258": "windows-1258 cp1258",
        "cp874": "windows-874 tis-620 iso-8859-11",
        "cp866": "ibm866 cp866",
        "iso8859_2": "iso-8859-2 latin2",
        "iso8859_3": "iso-8859-3",
        "iso8859_4": "iso-8859-4",
        "iso8859_5": "iso-8859-5",
        "iso8859_6": "iso-8859-6",
        "iso8859_7": "iso-8859-7",
        "iso8859_8": "iso-8859-8 iso-8859-8-i",
        "iso8859_10": "iso-8859-10",
        "iso8859_13": "iso-8859-13",
        "iso8859_14": "iso-8859-14",
        "iso8859_15": "iso-8859-15 latin9",
        "iso8859_16": "iso-8859-16",
        "koi8_r": "koi8-r koi8",
        "koi8_u": "koi8-u",
        "mac_roman": "macintosh x-mac-roman",
        "mac_cyrillic": "x-mac-cyrillic",
        "gb18030": "gb18030 gbk gb2312 gb_2312-80 x-gbk chinese",
        "big5hkscs": "big5 big5-hkscs x-x-big5",
        "cp932": "shift_jis shift-jis sjis x-sjis ms_kanji windows-31j",
        "euc_jp": "euc-jp x-euc-jp",
        "iso2022_jp": "iso-2022-jp",
        "cp949": "euc-kr ks_c_5601-1987 korean windows-949",
    }.items()
    for label in labels.split()
}


def decode(data: bytes, label: str = "") -> str:
    """By its mark, else as UTF-8 when it is that but for a few bytes, else by `label`, the encoding that
    the file names, else as what it looks like.

    Raises ParseError("not_text") for what is none of these: wrong letters are worse than none.
    """
    for mark, encoding in _MARKS:
        if data.startswith(mark):
            return _strict(data[len(mark) :], encoding)
    if wide := _wide(data):
        return _strict(data, wide)
    if looks_binary(data):
        raise ParseError("not_text")
    named = _LABELS.get(label.casefold(), "")
    # Of seven bits, which are UTF-8 as well.
    if (named == "iso2022_jp" or b"\x1b$" in data[:_HEAD]) and not _high_bytes(data):
        named = "iso2022_jp"
    elif (text := _utf8(data)) is not None:
        return _without_nul(text)
    text = _tolerant(data, named) if named else None
    if text is None:
        text = _tolerant(data, _find_encoding(data))
    if text is None:
        raise ParseError("not_text")
    return _without_nul(text)


def looks_binary(data: bytes) -> bool:
    """More than a stray control character in its first part, and no sign of a wide encoding."""
    if any(data.startswith(mark) for mark, _ in _MARKS) or _wide(data):
        return False
    head = data[:_HEAD]
    return len(_BINARY.findall(head)) > max(1, len(head) // 200)


def _wide(data: bytes) -> str:
    """UTF-16 without a mark: every other byte of its ASCII is zero, and the rest is text."""
    head = data[: _HEAD // 2]
    if len(head) < 4 or len(data) % 2:
        return ""
    for encoding, zeros, others in (
        ("utf-16-le", head[1::2], head[::2]),
        ("utf-16-be", head[::2], head[1::2]),
    ):
        text = len(_BINARY.findall(others)) <= len(others) // 20
        if text and zeros.count(0) > len(zeros) * 2 // 5:
            return encoding
    return ""


def _utf8(data: bytes) -> str | None:
    """None when too much of it is broken."""
    text = data.decode("utf-8", "surrogateescape")
    # Counted without a piece for each.
    broken = len(text) - len(_BROKEN.sub("", text))
    whole = (_high_bytes(data) - broken) // 2
    if broken > max(1, whole * _MAX_BROKEN) or (broken and not whole):
        return None
    # What got among them is mostly of Windows.
    return _BROKEN.sub(lambda byte: _windows(byte[0]), text) if broken else text


def _windows(escaped: str) -> str:
    return bytes([ord(escaped) - 0xDC00]).decode("cp1252", "ignore")


def _high_bytes(data: bytes) -> int:
    return len(data.translate(None, bytes(range(0x80))))


def _tolerant(data: bytes, encoding: str) -> str | None:
    """None when it does not look like that encoding at all."""
    if not encoding:
        return None
    text = data.decode(encoding, "replace")
    lost = text.count("\N{REPLACEMENT CHARACTER}")
    return text if lost <= max(1, _high_bytes(data) * _MAX_LOST) else None


def _find_encoding(data: bytes) -> str:
    """Nothing when it looks like none."""
    from charset_normalizer import from_bytes

    first = _HIGH.search(data)
    start = max(0, first.start() - _BEFORE) if first else 0
    sample = data[start : start + _SAMPLE]
    found = None
    # The sample may end within a character, of up to four bytes.
    for cut in range(4 if len(sample) == _SAMPLE else 1):
        sample = sample[: len(sample) - (cut > 0)]
        found = found or from_bytes(sample, cp_isolation=_OLD, enable_fallback=False).best()
    if found is None:
        return ""
    if found.encoding in _EAST:
        # “Käse” alone could be Chinese.
        return "cp1252" if _stand_alone(sample.decode("cp1252", "replace")) else found.encoding
    if found.encoding in _LATIN:
        # Their letters are as frequent in one as in another; which of them come together tells.
        return next(filter(_fits_in(sample), _LATIN), found.encoding)
    return found.encoding


def _fits_in(sample: bytes) -> Callable[[str], bool]:
    """Whether what it holds beyond ASCII are letters of one language that the encoding was made for."""

    def fits(encoding: str) -> bool:
        letters = set("".join(_BEYOND.findall(sample.decode(encoding, "replace").lower())))
        return any(letters <= {*alphabet, *_SIGNS} for alphabet in _LATIN[encoding].split())

    return fits


def _stand_alone(text: str) -> bool:
    """Whether its letters beyond ASCII stand alone among others, as those with accents do."""
    letters = {*"".join(_LATIN["cp1252"].split()), *_SIGNS}
    runs = _BEYOND.findall(text.lower())
    return all(len(run.strip(_SIGNS)) < 2 and letters.issuperset(run) for run in runs)


def _without_nul(text: str) -> str:
    # A blank for each, so that no two words become one.
    return text.replace("\x00", " ")


def _strict(data: bytes, encoding: str) -> str:
    try:
        return _without_nul(data.decode(encoding))
    except UnicodeDecodeError as error:
        raise ParseError("not_text") from error
