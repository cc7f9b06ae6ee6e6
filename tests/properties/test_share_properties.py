"""A payout split over its funders: to the cent, always the same, nobody below zero."""

from itertools import pairwise

from hypothesis import given
from hypothesis import strategies as st

from core.money import AMOUNT_MAX
from core.origination.product import PPB, Share
from core.origination.shares import split


@st.composite
def shares(draw: st.DrawFn) -> tuple[Share, ...]:
    """One to eight funders, together the whole."""
    cuts = draw(st.sets(st.integers(1, PPB - 1), max_size=7))
    edges = [0, *sorted(cuts), PPB]
    parts = pairwise(edges)
    return tuple(Share(funder=f"f{number}", ppb=after - before) for number, (before, after) in enumerate(parts))


@given(st.integers(0, AMOUNT_MAX), shares())
def test_parts_are_the_whole_and_the_first_takes_the_residual_cent(amount: int, funders: tuple[Share, ...]) -> None:
    parts = split(amount, funders)
    assert parts == split(amount, funders)
    assert [funder for funder, _ in parts] == [share.funder for share in funders]
    assert sum(part for _, part in parts) == amount
    first, *others = ((part * PPB - amount * share.ppb, part) for (_, part), share in zip(parts, funders, strict=True))
    assert all(-PPB < over <= 0 <= part for over, part in others), "others get what is theirs, rounded down"
    assert 0 <= first[0] < PPB * len(funders)
    assert first[1] >= 0


@given(st.integers(0, AMOUNT_MAX))
def test_without_shares_there_is_nothing_to_split(amount: int) -> None:
    assert split(amount, ()) == ()


def test_a_hundred_in_thirds_gives_the_first_funder_the_odd_cent() -> None:
    thirds = tuple(
        Share(funder=name, ppb=ppb) for name, ppb in (("own", 333_333_334), ("a", 333_333_333), ("b", 333_333_333))
    )
    assert split(100, thirds) == (("own", 34), ("a", 33), ("b", 33))
