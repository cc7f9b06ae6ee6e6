"""Made-up people who apply: identity, phone and card numbers with the right check digits, of nobody who lives."""

from collections.abc import Iterator, Sequence
from datetime import date, timedelta
from hashlib import sha256
from typing import Final

from core.commands import OpenAccount
from core.origination.commands import AddBankAccount, AddDocument, Apply, IdentifyBorrower, VerifyDocument
from loadtests.client import Order

PRODUCT: Final = "quick-loan"
PURPOSE: Final = "rent-and-wages"
CURRENCY: Final = "CNY"
OFFICER: Final = "document-desk"
_WEIGHTS: Final = tuple(pow(2, 17 - place, 11) for place in range(17))
_CHECKS: Final = "10X98765432"
_BORN_FROM: Final = date(1965, 1, 1)
_BORN_DAYS: Final = 14_000
_AMOUNT_STEP: Final = 1_000_00
_NAMES: Final = ("Wang Wei", "Li Na", "Zhang Min", "Liu Yang", "Chen Jie", "Yang Lei", "Zhao Ling", "Huang Bo")


def known(number: int) -> Iterator[Order]:
    """Yield what makes one of them known, with an identity card."""
    return introduced(number, _NAMES[number % len(_NAMES)], born_on(number), ("identity-card",))


def introduced(account: int, name: str, born: date, papers: Sequence[str]) -> Iterator[Order]:
    """Yield what makes a person known: an account, an identity, papers handed in and seen, a bank account."""
    yield Order(f"{account}-open", OpenAccount(account=account, currency=CURRENCY, credit_limit=0))
    yield Order(
        f"{account}-identify",
        IdentifyBorrower(
            account=account,
            name=name,
            identity_number=identity_number(account, born),
            phone=f"138{account:08}",
            born_on=born,
            consents=("credit_query", "contract"),
        ),
    )
    for place, kind in enumerate(papers, 1):
        digest = sha256(f"{kind} of {account}".encode()).hexdigest()
        yield Order(f"{account}-{kind}", AddDocument(account=account, kind=kind, digest=digest))
        yield Order(f"{account}-verify-{kind}", VerifyDocument(account=account, document=place, officer=OFFICER))
    card = card_number(account)
    yield Order(f"{account}-bank", AddBankAccount(account=account, bank="icbc", number=card, holder=name))


def application(number: int) -> Order:
    """Return what a person applies for: 1,000.00 to 49,000.00 over 3 to 12 months."""
    amount, installments = (1 + number * 7 % 49) * _AMOUNT_STEP, 3 + number % 10
    wanted = Apply(account=number, product=PRODUCT, amount=amount, installments=installments, purpose=PURPOSE)
    return Order(f"{number}-apply", wanted)


def born_on(number: int) -> date:
    """Return a birth date: between 1965 and 2003."""
    return _BORN_FROM + timedelta(days=number * 37 % _BORN_DAYS)


def identity_number(number: int, born: date | None = None) -> str:
    """Return a resident's identity number (GB 11643) of a place that does not exist."""
    body = f"{990_000 + number // 1_000 % 10_000:06}{born or born_on(number):%Y%m%d}{number % 1_000:03}"
    return body + _CHECKS[sum(weight * int(digit) for weight, digit in zip(_WEIGHTS, body, strict=True)) % 11]


def card_number(number: int) -> str:
    """Return a person's card number, of which the bank of this machine says that it is theirs: it goes by the end."""
    return with_check_digit(f"6222029{number:010}1")


def with_check_digit(body: str) -> str:
    """Return a card's number with its check digit (Luhn)."""
    digits = [int(digit) for digit in reversed(body)]
    total = sum(digits[1::2]) + sum(sum(divmod(2 * digit, 10)) for digit in digits[::2])
    return f"{body}{-total % 10}"
