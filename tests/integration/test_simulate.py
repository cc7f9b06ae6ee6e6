"""Commands tried over HTTP: what is told is what then happens, and trying writes nothing."""

from datetime import date, timedelta
from typing import Any

import httpx
from msgspec.msgpack import encode
from msgspec.structs import asdict

from adapters.memory_journal import MemoryJournal
from tests.integration.test_http import DAY, Running, played


async def tried(system: Running, *commands: dict[str, Any], on: str | None = None) -> httpx.Response:
    """Simulate commands on account 5; the book stays byte for byte as it was."""
    journal = system.backend.shard._journal
    assert isinstance(journal, MemoryJournal)
    before = encode(asdict(journal.disk))
    body = {"commands": [{"account": 5} | command for command in commands], "on": on}
    response = await system.client.post("/v1/simulate", json=body)
    assert encode(asdict(journal.disk)) == before
    return response


def test_what_is_simulated_for_a_later_day_is_what_happens_on_it() -> None:
    async def scenario(system: Running) -> None:
        loan = await system.lend()
        repay = {"type": "repay", "amount": 100_000, "loan": loan}
        found = (await tried(system, repay, {"type": "repay", "amount": 5}, on="2026-02-28")).json()
        assert {event["on"] for event in found["due"]} == {"2026-02-25", "2026-02-28"}
        assert (await system.client.get(f"/v1/loans/{loan}")).json()["principal"] == 500_000
        system.backend.shard.turn(date(2026, 2, 28))
        replies = [(await system.send("repay", amount=100_000, loan=loan)).json()]
        replies.append((await system.send("repay", amount=5)).json())
        assert [outcome["reply"] for outcome in found["outcomes"]] == replies
        told = [*found["due"], *(event for outcome in found["outcomes"] for event in outcome["events"])]
        page = (await system.client.get("/v1/accounts/5/transactions?after=3")).json()
        assert [_without(event, "entry") for event in told] == [
            _without(event, "recorded_at") for event in page["transactions"]
        ]
        schedule, view, quote = [
            (await system.client.get(f"/v1/loans/{loan}{part}")).json() for part in ("/schedule", "", "/quote")
        ]
        (shown,) = found["loans"]
        assert (shown["schedule"], shown["after"], shown["quote"]) == (schedule["rows"], view, quote)
        assert shown["schedule_before"] != shown["schedule"]
        assert found["after"] == (await system.client.get("/v1/accounts/5")).json()

    played(scenario)


def _without(event: dict[str, Any], left_out: str) -> dict[str, Any]:
    return {name: value for name, value in event.items() if name != left_out}


def test_refusals_of_the_simulation_are_problems_and_those_of_its_commands_are_replies() -> None:
    async def scenario(system: Running) -> None:
        deposit = {"type": "take_deposit", "amount": 5}
        refused = (await tried(system, deposit)).json()["outcomes"][0]["reply"]
        assert (refused["status"], refused["code"]) == ("refused", "account_unknown")
        await system.lend()
        late = str(DAY + timedelta(days=367))
        for response, status, code in (
            (await tried(system, deposit, on=late), 422, "quote_date_invalid"),
            (await tried(system, deposit), 200, None),
            (await tried(system), 400, "malformed"),
            (await tried(system, *[deposit] * 21), 400, "malformed"),
            (await tried(system, {"type": "take_deposit", "amount": 1.5}), 400, "malformed"),
            (await tried(system, deposit, deposit | {"account": 7}), 400, "malformed"),
        ):
            assert (response.status_code, response.json().get("code")) == (status, code), response.text

    played(scenario)
