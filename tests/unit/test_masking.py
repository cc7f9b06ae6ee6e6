"""Nothing personal is shown: not by an object, not in a log."""

import io
import logging
from datetime import date

import pytest
from rich.console import Console

from adapters.privacy.masking import PersonalData, mask_logs, mask_text

MAN, CARD, PHONE = "11010519491231002X", "6228480402564890018", "13812345678"
PERSON = PersonalData("张伟", MAN, PHONE, date(1949, 12, 31))


def test_a_person_is_never_printed_in_plain() -> None:
    console = Console(file=io.StringIO(), width=200)
    console.print(PERSON, [PERSON])
    assert isinstance(console.file, io.StringIO)
    for shown in (repr(PERSON), str(PERSON), f"{PERSON}", f"{[PERSON]}", console.file.getvalue()):
        assert "1101**********002X" in shown
        assert not any(plain in shown for plain in (MAN, PHONE, "张伟", "1949-12-31"))


@pytest.mark.parametrize(
    ("text", "masked"),
    [
        (f"identity number {MAN} is known", "identity number 1101**********002X is known"),
        (f'{{"identity_number":"{MAN.lower()}"}}', '{"identity_number":"1101**********002X"}'),
        (f"paid to {CARD}.", "paid to ***************0018."),
        ("card 4111 1111 1111 1111", "card ************1111"),
        ("card 4111-1111-1111-1111", "card ************1111"),
        (f"called {PHONE}, +86{PHONE}", "called 138****5678, +138****5678"),
        ("called 138-1234-5678", "called 138****5678"),
        (f"张伟{MAN}的", "张伟1101**********002X的"),
        (f"account={CARD}", "account=***************0018"),
        (f"bank_account={PHONE}", "bank_account=138****5678"),
        (f"account={MAN}", "account=1101**********002X"),
    ],
)
def test_numbers_of_people_are_masked(text: str, masked: str) -> None:
    assert mask_text(text) == masked


@pytest.mark.parametrize(
    "text",
    [
        "account=13812345678 loan=4111111111111111 seq=13812345678 amount=13812345678",
        '{"account":13812345678,"loan": 4111111111111111}',
        "2026-01-31 12:34:56,789 20260131123456 commit 3 took 12 ms",
        "key 11010519491231002a41f3f0 digest 4111111111111111ab",
        "order 7-1 of 410000012345",
        "12345678901234567890123",
    ],
)
def test_other_numbers_stay(text: str) -> None:
    assert mask_text(text) == text


def test_the_standard_log_masks_tracebacks_too(monkeypatch: pytest.MonkeyPatch) -> None:
    lines = io.StringIO()
    handler = logging.StreamHandler(lines)
    handler.setFormatter(logging.Formatter("%(levelname)s %(message)s"))
    monkeypatch.setattr(logging.getLogger(), "handlers", [handler])
    mask_logs()
    mask_logs()
    try:
        raise ValueError(f"no such card: {CARD}")
    except ValueError:
        logging.getLogger("tests.masking").exception("refused %s", PHONE)
    assert "ERROR refused 138****5678" in lines.getvalue()
    assert "no such card: ***************0018" in lines.getvalue()
    assert CARD not in lines.getvalue()
