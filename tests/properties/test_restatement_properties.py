"""What was booked late, or taken back, leaves the account as if it had been known in time."""

from datetime import timedelta

from hypothesis import assume, given
from hypothesis import strategies as st

from core.commands import BookLoan, CancelLoan, FreezeAccount, Reverse, SetCreditLimit, UnfreezeAccount
from core.deciding.lending import refused_now
from core.evolve import replay
from core.rejections import Rejection
from core.restatement import facts, rebuild
from tests.properties.charging import charged_life, charging_lives, charging_steps
from tests.properties.hindsight import Untold, asked, earlier, effective, told_in_time
from tests.properties.histories import Book, Life, Step, lives
from tests.proving import assert_books_hold

STAYS = BookLoan | CancelLoan | FreezeAccount | SetCreditLimit | UnfreezeAccount
histories = lives | charging_lives
late = st.lists(charging_steps, min_size=1, max_size=4)


@given(histories, charging_steps)
def test_what_is_booked_late_leads_to_what_it_would_have_in_time(life: Life, step: Step) -> None:
    book = charged_life(life)
    command = earlier(book, step, life.terms)
    assume(not isinstance(command, BookLoan | Reverse))
    # Money does not leave as of an earlier day where none may leave today.
    assume(refused_now(book.account, command) is None or effective(command, book.on) == book.on)
    try:
        told = told_in_time(book, also=(effective(command, book.on), command))
    except Untold:
        assume(False)
    _compare(book, book.ask(command), told)


@given(histories, late, st.data())
def test_anything_is_taken_back_as_if_it_had_never_been(life: Life, late: list[Step], data: st.DataObject) -> None:
    book = _with_late_facts(life, late)
    undoable = [seq for _, seq, command in asked(book) if not isinstance(command, STAYS)]
    assume(undoable)
    seq = data.draw(st.sampled_from(undoable))
    try:
        told = told_in_time(book, gone={seq})
    except Untold:
        assume(False)
    _compare(book, book.ask(Reverse(account=1, seq=seq)), told)


@given(histories, charging_steps, st.integers(0, 60))
def test_taking_back_what_was_booked_late_restores_the_account(life: Life, step: Step, days: int) -> None:
    book, untouched = charged_life(life), charged_life(life)
    before = {fact.seq for fact in facts(book.history)}
    command = earlier(book, step, life.terms)
    assume(not isinstance(command, BookLoan | Reverse) and book.ask(command) is None)
    [number] = {fact.seq for fact in facts(book.history)} - before
    for each in (book, untouched):
        each.reach(each.on + timedelta(days=days))
    assert book.ask(Reverse(account=1, seq=number)) is None
    assert book.account == untouched.account


@given(histories, late)
def test_books_balance_and_facts_hold_after_each_restatement(life: Life, late: list[Step]) -> None:
    book = charged_life(life)
    for step in (None, *late):
        if step is not None:
            book.ask(earlier(book, step, life.terms))
        assert_books_hold(book.history, book.account)
        assert replay(event for _, event in book.history) == book.account
        rebuilt = rebuild(facts(book.history), book.on)
        assert not isinstance(rebuilt, Rejection)
        assert rebuilt[0] == book.account


def _with_late_facts(life: Life, late: list[Step]) -> Book:
    book = charged_life(life)
    for step in late:
        book.ask(earlier(book, step, life.terms))
    return book


def _compare(book: Book, refused: Rejection | None, told: Book | Rejection) -> None:
    if isinstance(told, Rejection):
        assert refused is not None
    else:
        assert refused is None, refused
        assert book.account == told.account
