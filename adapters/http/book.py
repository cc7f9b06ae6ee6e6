"""The book as a whole: its business date, the day close, the trial balance; and the trial calculation."""

import asyncio
from datetime import date
from typing import Final

from litestar import Response, get, post
from litestar.handlers import HTTPRouteHandler
from msgspec import Struct

from adapters.http.backend import Backend
from adapters.http.media import Codec, answer, answer_json
from adapters.http.problems import AnyRequest, Refusal, rejected
from adapters.http.queries import asked
from adapters.trial import Trial, TrialSchedule, calculate
from core.rejections import Code, Rejection

TRIALS_MAX: Final = 2
"""Trial calculations that a gateway does at a time, beside everything else."""


class BookView(Struct, frozen=True):
    """The open business date."""

    business_date: date


class CloseDay(Struct, frozen=True, forbid_unknown_fields=True):
    """Close the business days through the one named; without one, the open day."""

    business_date: date | None = None


class ClosePeriod(Struct, frozen=True, forbid_unknown_fields=True):
    """Close the accounting periods through a day that is over: nothing takes effect on it or before it any more."""

    through: date


class PeriodClosed(Struct, frozen=True):
    """The last day of the accounting periods that are closed; they are never opened again."""

    closed_through: date


class AsOf(Struct, frozen=True, forbid_unknown_fields=True):
    """A trial balance as of the end of a day; by product, it names the accounts that products have of their own."""

    as_of: date | None = None
    by_product: bool = False


_close_day = Codec(CloseDay)
_close_period = Codec(ClosePeriod)
_trial = Codec(Trial)


def book_routes(backend: Backend) -> list[HTTPRouteHandler]:
    """Return the routes that ask the whole book."""

    @get("/v1/book")
    async def show_book() -> Response[bytes]:
        return answer_json(BookView(await backend.business_date()))

    @post("/v1/day-close", status_code=200)
    async def close_day(request: AnyRequest) -> Response[bytes]:
        wanted = await _close_day.read(request)
        report = await backend.close_day(wanted.business_date)
        return rejected(report) if isinstance(report, Rejection) else answer(report)

    @post("/v1/period-close", status_code=200)
    async def close_period(request: AnyRequest) -> Response[bytes]:
        through = (await _close_period.read(request)).through
        closed = await backend.close_period(through)
        if closed is None:
            return rejected(Rejection(Code.EFFECTIVE_DATE_IN_FUTURE, f"{through} is not over yet"))
        return answer_json(PeriodClosed(closed))

    @get("/v1/trial-balance")
    async def show_trial_balance(request: AnyRequest) -> Response[bytes]:
        wanted = asked(request, AsOf)
        return answer(await backend.trial_balance(wanted.as_of, by_product=wanted.by_product))

    @get("/v1/suspended")
    async def show_suspended() -> Response[bytes]:
        return answer(await backend.suspended())

    return [show_book, close_day, close_period, show_trial_balance, show_suspended]


def trial_route() -> HTTPRouteHandler:
    """Return the route of trial calculations."""
    turn = asyncio.Semaphore(TRIALS_MAX)

    @post("/v1/schedule", status_code=200)
    async def calculate_schedule(request: AnyRequest) -> Response[bytes]:
        """Calculate a schedule and what it costs; nothing is booked."""
        trial = await _trial.read(request)
        async with turn:
            # A rate that is to be found for a loan whose rate changes takes seconds of CPU.
            planned = await asyncio.to_thread(calculate, trial)
        if not isinstance(planned, TrialSchedule):
            raise Refusal(Code.TERMS_INVALID, planned.value)
        return answer_json(planned)

    return calculate_schedule
