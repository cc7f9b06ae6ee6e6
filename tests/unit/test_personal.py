"""Personal numbers: which are right, which are wrong and why, and what of them is shown."""

from datetime import date

import pytest

from core.origination.personal import (
    age_on,
    card_number_refusal,
    identity_number_refusal,
    is_chinese_identity_number,
    masked_card_number,
    masked_identity_number,
    masked_name,
    masked_phone,
    normal,
    phone_refusal,
)
from core.rejections import Code

BORN_ON = date(1949, 12, 31)
# The examples of GB 11643-1999.
MAN, WOMAN = "11010519491231002X", "440524188001010014"


@pytest.mark.parametrize(
    ("number", "born_on", "code"),
    [
        (MAN, BORN_ON, None),
        ("110105 19491231 002x", BORN_ON, None),
        (WOMAN, date(1880, 1, 1), None),
        (MAN, date(1949, 12, 30), Code.BIRTH_DATE_MISMATCH),
        ("110105194912310021", BORN_ON, Code.IDENTITY_NUMBER_INVALID),
        ("110105194913310020", BORN_ON, Code.IDENTITY_NUMBER_INVALID),
        ("AB1234567", BORN_ON, None),
        ("123-45-6789", BORN_ON, None),
        ("123", BORN_ON, Code.IDENTITY_NUMBER_INVALID),
        ("1" * 33, BORN_ON, Code.IDENTITY_NUMBER_INVALID),
        ("AB12\x0034", BORN_ON, Code.IDENTITY_NUMBER_INVALID),
    ],
)
def test_an_identity_number_fits_its_check_digit_and_the_birth_date(
    number: str, born_on: date, code: Code | None
) -> None:
    refusal = identity_number_refusal(number, born_on)
    assert (refusal and refusal.code) == code
    assert refusal is None or number not in refusal.detail


def test_an_impossible_birth_date_is_no_chinese_identity_number_even_with_the_right_check() -> None:
    right = [f"11010519490230{n:03d}{check}" for n in range(3) for check in "0123456789X"]
    assert not any(map(is_chinese_identity_number, right))


def test_each_wrong_digit_is_noticed() -> None:
    wrong = [MAN[:at] + digit + MAN[at + 1 :] for at in range(17) for digit in "0123456789" if digit != MAN[at]]
    assert not any(map(is_chinese_identity_number, wrong))


@pytest.mark.parametrize(
    ("number", "right"),
    [
        ("4111111111111111", True),
        ("6222 0200 0000 0000 006", False),
        ("6228480402564890018", True),
        ("4111111111111112", False),
        ("411111111111", False),
        ("4111a11111111111", False),
    ],
)
def test_a_card_number_fits_its_check_digit(number: str, right: bool) -> None:
    refusal = card_number_refusal(number)
    assert (refusal is None) == right
    assert refusal is None or (refusal.code, number in refusal.detail) == (Code.CARD_NUMBER_INVALID, False)


@pytest.mark.parametrize(
    ("phone", "right"),
    [
        ("13812345678", True),
        ("138 1234 5678", True),
        ("+8613812345678", True),
        ("+15551234567", True),
        ("12812345678", False),
        ("1381234567", False),
        ("+861381234567", False),
        ("phone", False),
    ],
)
def test_a_phone_number_is_one_that_can_be_dialled(phone: str, right: bool) -> None:
    refusal = phone_refusal(phone)
    assert (refusal is None) == right
    assert refusal is None or refusal.code is Code.PHONE_INVALID


def test_masks_leave_what_people_recognise_their_own_by() -> None:
    assert masked_identity_number("330106199001011234") == "3301**********1234"
    assert masked_identity_number("AB1234567") == "AB*****67"
    assert masked_identity_number("123") == "***"
    assert masked_card_number("6222 0212 3456 7890") == "************7890"
    assert masked_phone("+86 138 1234 5678") == "138****5678"
    assert masked_phone("+5551234") == "******34"
    assert [masked_name(name) for name in ("张伟", "Ann Lee", "X", "")] == ["张*", "A******", "*", ""]


def test_one_way_of_writing_is_as_good_as_another() -> None:
    assert normal(" 110105 19491231 002x ") == MAN
    assert normal("+86 138 1234 5678") == "13812345678"


def test_ages_are_full_years() -> None:
    born_on = date(2008, 2, 29)
    assert [age_on(born_on, date(2026, 2, 28)), age_on(born_on, date(2026, 3, 1))] == [17, 18]
