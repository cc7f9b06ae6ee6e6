"""What surrounds applications, as a channel and an officer meet it."""

import msgspec

from actors.messages import Decided, command_decoder
from adapters.roster import OFFICER_TOKEN
from core.origination.commands import ClaimReview
from tests.unit.http_backend import JSON, KEY, CannedBackend, assert_problem, get, post

CLAIM = {"account": 5, "application": 1, "officer": "wang"}
SETTLE = {"account": 5, "payout": 1, "status": "succeeded"}
WANG = {OFFICER_TOKEN: "token of wang"}


def test_an_officer_proves_to_be_who_the_command_names() -> None:
    backend = CannedBackend()
    assert post(backend, "/v1/claim-review", json=CLAIM, headers=KEY | WANG).status_code == 200
    assert command_decoder.decode(backend.sent[0].command) == ClaimReview(account=5, application=1, officer="wang")


def test_nobody_acts_for_an_officer_without_the_token() -> None:
    backend = CannedBackend()
    for headers in (KEY, KEY | {OFFICER_TOKEN: "token of li"}):
        assert_problem(post(backend, "/v1/claim-review", json=CLAIM, headers=headers), 401, "officer_unauthenticated")
    assert backend.sent == []


def test_only_the_payer_says_what_became_of_a_payout() -> None:
    backend = CannedBackend()
    assert_problem(post(backend, "/v1/settle-payout", json=SETTLE, headers=KEY | WANG), 401, "officer_unauthenticated")
    assert backend.sent == []
    assert post(backend, "/v1/settle-payout", json=SETTLE, headers=KEY | {OFFICER_TOKEN: "token of payer"}).is_success


def test_in_a_batch_only_the_unproven_commands_are_refused() -> None:
    backend = CannedBackend()
    commands = [
        {"request_id": "a", "command": {"type": "claim_review"} | CLAIM | {"officer": "li"}},
        {"request_id": "b", "command": {"type": "claim_review"} | CLAIM},
        {"request_id": "c", "command": {"type": "repay", "account": 5, "amount": 1}},
    ]
    body = msgspec.json.encode({"commands": commands})
    replies = post(backend, "/v1/batch", content=body, headers=JSON | WANG).json()["replies"]
    assert [reply["status"] for reply in replies] == ["refused", "received", "received"]
    assert replies[0]["code"] == "officer_unauthenticated"
    assert len(backend.sent) == 2


def test_an_application_is_answered_with_its_decision() -> None:
    backend = CannedBackend(lambda _: Decided(5, 9, 1, "referred", ("risk_middle",)))
    wanted = {"account": 5, "product": "quick-loan", "amount": 100_000, "installments": 3, "purpose": "equipment"}
    reply = post(backend, "/v1/apply", json=wanted, headers=KEY).json()
    assert (reply["state"], reply["reasons"], reply["missing"]) == ("referred", ["risk_middle"], [])


def test_products_on_offer_are_listed() -> None:
    offered = get(CannedBackend(), "/v1/products").json()
    assert {"quick-loan", "pay-later", "home-mortgage"} <= {each["product"] for each in offered}


def test_a_loan_is_priced_before_anybody_applies() -> None:
    wanted = {"product": "quick-loan", "amount": 5_000_000, "installments": 6}
    quoted = post(CannedBackend(), "/v1/product-quote", json=wanted).json()
    assert quoted["principal"] == 5_000_000
    assert quoted["total"] == quoted["principal"] + quoted["interest"] + quoted["fees"]


def test_what_a_product_does_not_offer_has_no_price() -> None:
    for changed, code in (
        ({"product": "gold-loan"}, "product_unknown"),
        ({"amount": 1}, "amount_out_of_range"),
        ({"installments": 36}, "term_out_of_range"),
    ):
        wanted = {"product": "quick-loan", "amount": 5_000_000, "installments": 6} | changed
        response = post(CannedBackend(), "/v1/product-quote", json=wanted)
        assert_problem(response, 404 if code == "product_unknown" else 422, code)


def test_a_contract_is_read_as_html_or_pdf() -> None:
    backend = CannedBackend()
    assert get(backend, "/v1/accounts/5/contracts/1").text == "<html>a contract</html>"
    assert get(backend, "/v1/accounts/5/contracts/1?format=pdf").headers["content-type"] == "application/pdf"
    assert_problem(get(backend, "/v1/accounts/5/contracts/2"), 404, "agreement_unknown")
    assert_problem(get(backend, "/v1/accounts/5/contracts/1?format=doc"), 400, "malformed")


def test_the_review_queue_is_asked_within_bounds() -> None:
    assert get(CannedBackend(), "/v1/reviews").json() == []
    assert_problem(get(CannedBackend(), "/v1/reviews?limit=501"), 400, "malformed")
    assert get(CannedBackend(), "/v1/proposals?product=quick-loan").json() == []
    assert_problem(get(CannedBackend(), "/v1/proposals?limit=501"), 400, "malformed")
