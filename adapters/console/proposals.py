"""Changes of terms that signals of risk led to, at the terminal: what waits for an officer, and what one decides."""

from typing import Annotated

import typer

from adapters.console.calling import act, client
from adapters.console.options import Account, Config, Json, Limit, Note, Officer, Token
from adapters.console.terminal import money, show, table

proposal = typer.Typer(no_args_is_help=True, help="Changes of terms that signals of risk led to.")


@proposal.command("list")
def list_proposals(
    product: Annotated[str | None, typer.Option(help="Only loans of this one.")] = None,
    limit: Limit = 100,
    config: Config = None,
    as_json: Json = False,
) -> None:
    """List proposed changes of terms that wait for an officer, the oldest first."""
    found = client(config, as_json).get("/v1/proposals", product=product, limit=limit)
    names = ("account", "proposal", "loan", "product", "change", "signal")
    rows = [
        (
            *(each[name] for name in names),
            f"{money(each['principal'], each['currency'])} {each['currency']}",
            f"{each['days_waiting']} d",
        )
        for each in found
    ]
    show(found, as_json, table("proposals that wait", (*names, "principal", "waits"), rows, ("principal",)))


def _decision(outcome: str, does: str) -> None:
    """Add the command by which an officer decides a proposal."""

    @proposal.command(outcome, help=does)
    def decide(
        account: Account,
        proposal: Annotated[int, typer.Argument(help="The proposal's number within the account.")],
        officer: Officer,
        token: Token,
        note: Note,
        config: Config = None,
        as_json: Json = False,
    ) -> None:
        body = {"account": account, "proposal": proposal, "officer": officer, "outcome": outcome, "note": note}
        act("decide-proposal", body, token, config, as_json)


_decision("accept", "Carry a proposed change of terms out; `tenor simulate` shows beforehand what it does.")
_decision("decline", "Leave the terms as they are.")
