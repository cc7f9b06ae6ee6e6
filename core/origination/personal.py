"""Personal numbers: how each is written, when it is wrong, and what of it may be shown."""

import re
from datetime import date
from operator import mul
from typing import Final

from core.rejections import Code, Rejection

_CHINESE: Final = re.compile(r"[0-9]{17}[0-9X]")
_WEIGHTS: Final = tuple(pow(2, 17 - place, 11) for place in range(18))
"""GB 11643, ISO 7064 MOD 11-2: 7 9 10 5 8 4 2 1 6 3 7 9 10 5 8 4 2 1."""
_VALUES: Final = "0123456789X"
_PHONE: Final = re.compile(r"1[3-9][0-9]{9}|\+(?!86)[1-9][0-9]{6,14}")
"""A Chinese mobile number, or another country's with its code (E.164)."""
_CARD: Final = re.compile(r"[0-9]{13,19}")
_FOREIGN_LENGTHS: Final = range(4, 33)
_DOUBLED: Final = (0, 2, 4, 6, 8, 1, 3, 5, 7, 9)
"""Each digit doubled, its digits added up (Luhn)."""


def normal(number: str) -> str:
    """Return a number as it is compared and found: without spaces and China's phone code, in capitals."""
    return "".join(number.split()).upper().removeprefix("+86")


def identity_number_refusal(number: str, born_on: date) -> Rejection | None:
    """Return why this is not the identity number of somebody born on this day; the number itself is not repeated."""
    number = normal(number)
    if not _CHINESE.fullmatch(number):
        if len(number) in _FOREIGN_LENGTHS and number.isprintable():
            return None
        return Rejection(Code.IDENTITY_NUMBER_INVALID, "write 4 to 32 printable characters")
    if not is_chinese_identity_number(number):
        return Rejection(Code.IDENTITY_NUMBER_INVALID, "its check character or its birth date is wrong")
    if _birth_date(number) != born_on:
        return Rejection(Code.BIRTH_DATE_MISMATCH, "the identity number has another birth date")
    return None


def is_chinese_identity_number(number: str) -> bool:
    """Return whether a number in normal form has a resident's 18 characters, a real birth date and the right check."""
    if not _CHINESE.fullmatch(number):
        return False
    return sum(map(mul, _WEIGHTS, map(_VALUES.index, number))) % 11 == 1 and _birth_date(number) is not None


def _birth_date(number: str) -> date | None:
    try:
        return date.fromisoformat(number[6:14])
    except ValueError:
        return None


def phone_refusal(phone: str) -> Rejection | None:
    """Return why this is no phone number."""
    if _PHONE.fullmatch(normal(phone)):
        return None
    return Rejection(Code.PHONE_INVALID, "write 11 digits, as 13812345678, or a country's code, as +15551234567")


def card_number_refusal(number: str) -> Rejection | None:
    """Return why this is no bank card's number."""
    if is_card_number(normal(number)):
        return None
    return Rejection(Code.CARD_NUMBER_INVALID, "write 13 to 19 digits, the last one a check digit")


def is_card_number(number: str) -> bool:
    """Return whether a number in normal form has 13 to 19 digits and the right check digit (ISO/IEC 7812, Luhn)."""
    if not _CARD.fullmatch(number):
        return False
    digits = list(map(int, reversed(number)))
    return (sum(digits[::2]) + sum(map(_DOUBLED.__getitem__, digits[1::2]))) % 10 == 0


def masked_identity_number(number: str) -> str:
    """Return an identity number as it may be shown: 3301**********1234; a short one shows less."""
    number = normal(number)
    return _masked(number, min(4, len(number) // 4), min(4, len(number) // 4))


def masked_card_number(number: str) -> str:
    """Return a card number as it may be shown: its last four digits."""
    number = normal(number)
    return _masked(number, 0, min(4, len(number) // 4))


def masked_phone(phone: str) -> str:
    """Return a phone number as it may be shown: 138****5678; a short one shows two digits."""
    phone = normal(phone)
    return _masked(phone, 3, 4) if len(phone) >= 11 else _masked(phone, 0, min(2, len(phone) // 4))


def masked_name(name: str) -> str:
    """Return a name as it may be shown: its first character, if there are more."""
    name = name.strip()
    return _masked(name, min(1, len(name) - 1), 0) if name else ""


def _masked(text: str, head: int, tail: int) -> str:
    hidden = len(text) - head - tail
    return text[:head] + "*" * hidden + text[len(text) - tail :]


def age_on(born_on: date, on: date) -> int:
    """Return an age in full years; somebody born on 29 February is a year older on 1 March."""
    return on.year - born_on.year - ((on.month, on.day) < (born_on.month, born_on.day))
