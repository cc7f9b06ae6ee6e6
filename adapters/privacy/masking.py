"""Personal data as it may be shown: masked, in what is printed and in every line of a log."""

import logging
import re
from datetime import date
from typing import Final

from msgspec import Struct

from core.origination.personal import (
    is_card_number,
    is_chinese_identity_number,
    masked_card_number,
    masked_identity_number,
    masked_name,
    masked_phone,
    normal,
)

_OWN_DIGITS_MAX: Final = {"account": 12, "loan": 16, "seq": 12, "amount": 14}
"""Tenor's own numbers and how long they get; what is longer and called an account may well be a card."""
_NUMBER: Final = re.compile(
    r"""
    (?:(?<![A-Za-z0-9_-])(?P<own>account|loan|seq|amount)["']?[=:]\s?)?
    (?<![A-Za-z0-9])
    (?P<number>
        \d{17}[\dXx]
        | \d{4}([ -])\d{4}\3\d{4}\3\d{1,7}  # A card as it is printed.
        | 1[3-9]\d([ -])\d{4}\4\d{4}        # A phone as it is spoken.
        | \d{11,19}
    )
    (?![A-Za-z0-9])
    """,
    re.VERBOSE | re.ASCII,
)
_MOBILE: Final = re.compile(r"(?:86)?(1[3-9][0-9]{9})")


class PersonalData(Struct, frozen=True):
    """Who a borrower is, in plain. Printed or logged it shows masks only."""

    name: str
    identity_number: str
    phone: str
    born_on: date

    def masked(self) -> dict[str, str]:
        """Return what may be shown."""
        return {
            "name": masked_name(self.name),
            "identity_number": masked_identity_number(self.identity_number),
            "phone": masked_phone(self.phone),
            "born_on": f"{self.born_on.year}-**-**",
        }

    def __repr__(self) -> str:
        """Return the masks."""
        shown = ", ".join(f"{name}={value!r}" for name, value in self.masked().items())
        return f"PersonalData({shown})"

    def __rich_repr__(self) -> list[tuple[str, str]]:
        """Give the masks to rich's tables and tracebacks."""
        return list(self.masked().items())


def mask_text(text: str) -> str:
    """Return a text with every identity number, card number and mobile number in it masked.

    Numbers count by their check digits; Tenor's own, as in `account=7` or `"loan": 70001`, stay as they are.
    """
    return _NUMBER.sub(_mask, text)


def _mask(found: re.Match[str]) -> str:
    written = found["number"]
    if found["own"] and len(written) <= _OWN_DIGITS_MAX[found["own"]]:
        return found[0]
    return found[0].removesuffix(written) + _masked(written)


def _masked(written: str) -> str:
    number = normal(written.replace("-", ""))
    if is_chinese_identity_number(number):
        return masked_identity_number(number)
    if mobile := _MOBILE.fullmatch(number):
        return masked_phone(mobile[1])
    return masked_card_number(number) if is_card_number(number) else written


class MaskingFormatter(logging.Formatter):
    """Masks what another formatter makes of a record, tracebacks included."""

    def __init__(self, inner: logging.Formatter) -> None:
        """Mask the lines of this formatter."""
        super().__init__()
        self._inner = inner

    def format(self, record: logging.LogRecord) -> str:
        """Return the record as masked text."""
        return mask_text(self._inner.format(record))


def mask_logs() -> None:
    """Mask every line of this process's log; call it once the log is set up."""
    for handler in logging.getLogger().handlers:
        if not isinstance(handler.formatter, MaskingFormatter):
            handler.setFormatter(MaskingFormatter(handler.formatter or logging.Formatter()))
