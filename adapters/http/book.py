"""The book as a whole: its business date, the day close, the trial balance; and the trial calculation."""

from datetime import date

from litestar import Response, get, post
from litestar.handlers import HTTPRouteHandler
from msgspec import Struct

from adapters.http.backend import Backend
from adapters.http.media import Codec, answer, answer_json
from adapters.http.problems import AnyRequest, Refusal, rejected
from adapters.http.queries import asked
from adapters.trial import Trial, calculate
from core.rejections import Code, Rejection
from core.schedule import Refusal as Unplannable


class BookView(Struct, frozen=True):
    """The open business date."""

    business_date: date


class CloseDay(Struct, frozen=True, forbid_unknown_fields=True):
    """Close the business days through the one named; without one, the open day."""

    business_date: date | None = None


class AsOf(Struct, frozen=True, forbid_unknown_fields=True):
    """A trial balance as of the end of a day."""

    as_of: date | None = None


_close_day = Codec(CloseDay)
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

    @get("/v1/trial-balance")
    async def show_trial_balance(request: AnyRequest) -> Response[bytes]:
        return answer(await backend.trial_balance(asked(request, AsOf).as_of))

    @get("/v1/suspended")
    async def show_suspended() -> Response[bytes]:
        return answer(await backend.suspended())

    return [show_book, close_day, show_trial_balance, show_suspended]


@post("/v1/schedule", status_code=200)
async def calculate_schedule(request: AnyRequest) -> Response[bytes]:
    """Calculate a schedule; nothing is booked."""
    trial = await _trial.read(request)
    planned = calculate(trial)
    if isinstance(planned, Unplannable):
        raise Refusal(Code.TERMS_INVALID, planned.value)
    return answer_json(planned)
