"""Business days: weekends, public holidays and where a due date on one of them goes."""

import warnings
from collections.abc import Callable
from datetime import date, timedelta
from functools import lru_cache
from typing import Final

from core.contract.terms import BusinessDays

WEEKENDS: Final = "weekends"
STEP: Final = {
    BusinessDays.FOLLOWING: 1,
    BusinessDays.MODIFIED_FOLLOWING: 1,
    BusinessDays.PRECEDING: -1,
    BusinessDays.MODIFIED_PRECEDING: -1,
}
MODIFIED: Final = frozenset({BusinessDays.MODIFIED_FOLLOWING, BusinessDays.MODIFIED_PRECEDING})


def knows(calendar: str) -> bool:
    """Return whether there is such a calendar."""
    return _business_day(calendar) is not None


def is_business_day(calendar: str, day: date) -> bool:
    """Return whether a known calendar has business on the day; a weekend that is worked (China) counts as business."""
    business_day = _business_day(calendar)
    assert business_day is not None, calendar
    return business_day(day)


def shifted(rule: BusinessDays, calendar: str, day: date) -> date:
    """Return where the rule moves a date of a known calendar."""
    if rule is BusinessDays.NONE:
        return day
    moved = _next(calendar, day, STEP[rule])
    if rule in MODIFIED and moved.month != day.month:
        return _next(calendar, day, -STEP[rule])
    return moved


def _next(calendar: str, day: date, step: int) -> date:
    # No holidays last 60 days; a calendar that says so is taken at its word no further.
    for _ in range(60):
        if is_business_day(calendar, day):
            break
        day += timedelta(days=step)
    return day


@lru_cache(maxsize=64)
def _business_day(calendar: str) -> Callable[[date], bool] | None:
    """Return the test of a calendar: weekends only, or the holidays of a country, a subdivision of it, a market."""
    if calendar == WEEKENDS:
        return lambda day: day.weekday() < 5
    # Its tables take time to load, and most loans know no holidays.
    import holidays

    name, _, part = calendar.partition("-")
    try:
        if name in holidays.list_supported_countries():
            return _quiet(holidays.country_holidays(name, subdiv=part or None).is_working_day)
        if name in holidays.list_supported_financial():
            return _quiet(holidays.financial_holidays(name, part or None).is_working_day)
    except NotImplementedError:
        pass
    return None


def _quiet(is_working_day: Callable[[date], bool]) -> Callable[[date], bool]:
    """Return the test without warnings of years that a calendar has no moving feasts for."""
    loaded: set[int] = set()

    def test(day: date) -> bool:
        if day.year not in loaded:
            with warnings.catch_warnings():
                warnings.simplefilter("ignore")
                is_working_day(day)
            loaded.add(day.year)
        return is_working_day(day)

    return test
