"""Applications at the terminal: apply, see why it was decided so, and the queue of what waits for an officer."""

from typing import Annotated, Any, Final

import typer
from rich.table import Table

from adapters.console.calling import act, client
from adapters.console.options import Account, Application, Config, Json, Limit, Note, Officer, RequestId, Token
from adapters.console.terminal import EXIT_NOT_FOUND, facts, minor_units, moment_of, money, show, stop, table

review = typer.Typer(no_args_is_help=True, help="Applications that wait for an officer.")
_REVIEWED: Final = ("ReviewAsked", "ReviewClaimed", "ReviewReleased", "ReviewDecided")


def apply(
    account: Account,
    product: Annotated[str, typer.Argument(help="The product's name, as `product list` has it.")],
    amount: Annotated[str, typer.Argument(help="In major units of the account's currency: 50000 or 50,000.00.")],
    installments: Annotated[int, typer.Argument(help="How many.")],
    purpose: Annotated[str, typer.Option(help="What the money is for, as `product show` has it.")] = "any",
    previous: Annotated[int, typer.Option(help="The refused application that this one follows.")] = 0,
    config: Config = None,
    as_json: Json = False,
    request_id: RequestId = None,
) -> None:
    """Apply for a loan of a product, amount in major units: tenor apply 7 quick-loan 50000 6 --purpose equipment."""
    api = client(config, as_json)
    api.currency = currency = api.get(f"/v1/accounts/{account}")["currency"]
    body = {
        "account": account,
        "product": product,
        "amount": minor_units(amount, currency),
        "installments": installments,
        "purpose": purpose,
        "previous": previous,
    }
    reply = api.post("/v1/apply", body, request_id=request_id)
    decided = {name: reply[name] for name in ("state", "reasons", "missing")}
    show(reply, as_json, facts(f"application {reply['application']} of account {account}", decided))


@review.command("list")
def list_reviews(
    product: Annotated[str | None, typer.Option(help="Only applications for this one.")] = None,
    limit: Limit = 100,
    config: Config = None,
    as_json: Json = False,
) -> None:
    """List applications that wait for an officer, the most pressing first."""
    found = client(config, as_json).get("/v1/reviews", product=product, limit=limit)
    columns = ("account", "no.", "product", "amount", "waits", "expires", "claimed by")
    rows = [
        (
            each["account"],
            each["application"],
            each["product"],
            f"{money(each['amount'], each['currency'])} {each['currency']} in {each['installments']}",
            f"{each['days_waiting']} d",
            f"{each['expires_on']}{' !' if each['urgent'] else ''}",
            each["claimed_by"] or "",
        )
        for each in found
    ]
    show(found, as_json, table("applications that wait", columns, rows, ("account", "no.")))


@review.command("show")
def show_review(account: Account, application: Application, config: Config = None, as_json: Json = False) -> None:
    """Show an application, and why the rules decided as they did."""
    api = client(config, as_json)
    file = api.get(f"/v1/accounts/{account}/file")
    found = next((each for each in file["applications"] if each["application"] == application), None)
    if found is None:
        stop(EXIT_NOT_FOUND, f"account {account} has no application {application}")
    currency = api.get(f"/v1/accounts/{account}")["currency"]
    acts = [act for act in file["acts"] if act["type"] in _REVIEWED and act["event"]["number"] == application]
    show({**found, "acts": acts}, as_json, *_application_tables(found, currency), *_acts_table(acts))


def _hold(name: str, does: str) -> None:
    """Add a command about who works on an application."""

    @review.command(name, help=does)
    def hold(
        account: Account,
        application: Application,
        officer: Officer,
        token: Token,
        config: Config = None,
        as_json: Json = False,
    ) -> None:
        body = {"account": account, "application": application, "officer": officer}
        act(f"{name}-review", body, token, config, as_json)


def _decision(outcome: str, does: str) -> None:
    """Add the command by which an officer decides an application."""

    @review.command(outcome, help=does)
    def decide(
        account: Account,
        application: Application,
        officer: Officer,
        token: Token,
        note: Note,
        config: Config = None,
        as_json: Json = False,
    ) -> None:
        body = {"account": account, "application": application, "officer": officer, "outcome": outcome, "note": note}
        act("decide-review", body, token, config, as_json)


_hold("claim", "Take an application on; nobody else decides it meanwhile.")
_hold("release", "Give an application back to the queue.")
_decision("approve", "Approve an application that you have claimed.")
_decision("decline", "Decline an application that you have claimed.")
_decision("return", "Return an application to the borrower, who amends it.")


def _application_tables(found: dict[str, Any], currency: str) -> list[Any]:
    verdict = found["verdict"]
    head = {
        "product": f"{found['product']} {found['version']}",
        "amount": money(found["amount"], currency),
        "installments": found["installments"],
        "purpose": found["purpose"],
        "submitted": found["submitted_on"],
        "expires": found["expires_on"],
        "status": found["status"],
        "claimed by": found["claimed_by"] or "",
        "approved by": ", ".join(found["approvals"]),
        "missing": ", ".join(found["missing"]),
    }
    tables = [facts(f"application {found['application']}", head)]
    if verdict is not None:
        said = {
            "rules": f"{verdict['rules']} {verdict['version']}",
            "outcome": verdict["outcome"],
            "reasons": ", ".join(verdict["reasons"]),
            "rules that fired": ", ".join(verdict["path"]),
        }
        tables.append(facts("the rules said", said))
        inputs = [(part, name, value) for part, values in verdict["inputs"].items() for name, value in _pairs(values)]
        tables.append(table("on these inputs (amounts in minor units)", ("about", "what", "value"), inputs))
    return tables


def _acts_table(acts: list[dict[str, Any]]) -> list[Table]:
    """Return who did what in a review, and when."""
    rows = [
        (
            act["on"],
            moment_of(act),
            act["type"],
            act["event"].get("officer", "the borrower"),
            act["event"].get("outcome", ""),
            act["event"].get("note", ""),
        )
        for act in acts
    ]
    return [table("review", ("on", "recorded at", "act", "by", "outcome", "note"), rows)] if rows else []


def _pairs(values: Any) -> list[tuple[str, str]]:
    if isinstance(values, dict):
        return [(str(name), str(value)) for name, value in values.items()]
    return [("", str(values))]
