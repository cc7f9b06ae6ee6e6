"""What news makes of an order: late, repeated and overtaken news makes nothing, contradictions go to people."""

import pytest

from actors.payout_orders import (
    BACK_OFF_SECONDS,
    NEVER,
    WATCH_EVERY_SECONDS,
    WATCH_FOR_SECONDS,
    OrderState,
    Progress,
    Verdict,
    answered,
    closed,
    notified,
    request_id,
    started_again,
    to_tell,
    was_told,
)
from actors.rail import RailAnswer, RailState

CASES = """
state     | told      | news       | then
pending   |           | accepted   | sent
sent      |           | processing | sent
sent      |           | unknown    | sent
sent      |           | not_found  | sent
sent      |           | succeeded  | succeeded
sent      |           | failed     | failed
sent      |           | returned   | returned
succeeded |           | accepted   | succeeded
succeeded | succeeded | processing | succeeded
succeeded |           | succeeded  | succeeded
succeeded | succeeded | returned   | returned
succeeded | succeeded | failed     | disputed
succeeded |           | failed     | disputed
failed    |           | succeeded  | disputed
failed    | failed    | succeeded  | disputed
failed    | failed    | returned   | failed
failed    | failed    | unknown    | failed
returned  | returned  | succeeded  | returned
returned  | succeeded | failed     | returned
disputed  | failed    | failed     | disputed
sent      | failed    | succeeded  | disputed
sent      | succeeded | returned   | returned
"""


@pytest.mark.parametrize("line", CASES.strip().splitlines()[1:])
def test_news_moves_an_order_in_one_way_only(line: str) -> None:
    state, told, news, then = (cell.strip() for cell in line.split("|"))
    answer = RailAnswer(RailState(news))
    before = Progress(OrderState(state), told)
    after = notified(answer)(before)
    assert after.state == then
    assert notified(answer)(after) == after, "the same notice twice in one transaction"
    assert answered(answer)(before).state == then


def test_an_answer_that_is_no_news_is_followed_by_longer_and_longer_pauses() -> None:
    progress, pauses = Progress(OrderState.SENT), []
    for _ in range(10):
        progress = answered(RailAnswer(RailState.PROCESSING))(progress)
        pauses.append(progress.due_in)
    assert pauses == [*BACK_OFF_SECONDS, 3600.0, 3600.0, 3600.0]
    assert progress.tries == 10


def test_a_notice_without_news_changes_no_plan() -> None:
    before = Progress(OrderState.SENT, tries=3)
    assert notified(RailAnswer(RailState.PROCESSING))(before) == before


def test_money_that_came_back_before_the_account_knew_is_told_in_order() -> None:
    progress = notified(RailAnswer(RailState.RETURNED, "B7", "closed"))(Progress(OrderState.SENT))
    assert (to_tell(progress), progress.due_in) == ("succeeded", 0.0)
    progress = was_told("succeeded", Verdict.DONE, "")(progress)
    assert (to_tell(progress), progress.due_in) == ("returned", 0.0)
    assert was_told("returned", Verdict.DONE, "")(progress).due_in == NEVER


def test_what_succeeded_is_watched_for_a_while() -> None:
    told = was_told("succeeded", Verdict.DONE, "")
    assert told(Progress(OrderState.SUCCEEDED)).due_in == WATCH_EVERY_SECONDS
    assert told(Progress(OrderState.SUCCEEDED, age_seconds=WATCH_FOR_SECONDS)).due_in == NEVER


def test_an_account_without_an_answer_is_told_the_same_under_the_same_name() -> None:
    before = Progress(OrderState.FAILED, reference="B7", reason="closed")
    after = was_told("failed", Verdict.AGAIN, "unavailable")(before)
    assert (after.reference, after.reason, after.tries) == ("B7", "closed", 1)
    assert request_id("7-1", after) == request_id("7-1", before) == "7-1-failed"


def test_news_that_comes_while_the_account_is_told_is_not_lost() -> None:
    before = Progress(OrderState.SUCCEEDED, reference="B7")
    turned = notified(RailAnswer(RailState.RETURNED, "B8"))(before)
    assert turned.reference == "B7", "the account is told of the success again with the same content"
    after = was_told("succeeded", Verdict.DONE, "")(turned)
    assert (after.state, after.told, after.due_in) == (OrderState.RETURNED, "succeeded", 0.0)


def test_an_operator_has_a_dispute_looked_at_again_under_a_new_name() -> None:
    refused = was_told("succeeded", Verdict.REFUSED, "payout_unknown")(Progress(OrderState.SUCCEEDED))
    assert (refused.state, refused.due_in) == (OrderState.DISPUTED, NEVER)
    again = started_again(refused)
    assert (again.state, again.due_in) == (OrderState.SENT, 0.0)
    assert request_id("7-1", answered(RailAnswer(RailState.SUCCEEDED))(again)) == "7-1-succeeded-1"


def test_an_operator_closes_what_was_settled_by_hand_and_nothing_else() -> None:
    done = closed("booked by hand")(Progress(OrderState.DISPUTED, "failed"))
    assert (done.told, done.due_in) == ("disputed", NEVER)
    assert started_again(done) == done
    assert closed("no")(Progress(OrderState.SENT)) == Progress(OrderState.SENT)
