"""Sources over HTTP: what they are told, what of their answers counts, and how long anybody waits for them."""

import asyncio
import json
import os
import time
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from datetime import date
from pathlib import Path
from signal import SIGKILL
from typing import Any

import httpx
import pytest
from litestar import Litestar, Response, post

from adapters.http.problems import AnyRequest
from adapters.http.server import listen, serve_stand_in
from adapters.privacy.masking import PersonalData
from adapters.settings import SourceName, SourceSettings
from adapters.sources.http import HttpSource
from adapters.sources.lines import REUSE_DAYS, lines
from adapters.sources.server import make_sources
from adapters.sources.source import Line
from adapters.sources.sources import Asking, Sources
from core.origination.commands import WithdrawApplication
from core.origination.lender import Findings
from loadtests.applicants import identity_number
from tests.integration.lending import lending, until
from tests.integration.planted import find_in_files, find_plain

TODAY = date(2026, 1, 5)
TIMEOUT = 0.4
WHO = PersonalData("Wang Wei", "990000196511300096", "13800000009", date(1965, 11, 30))
pytestmark = pytest.mark.anyio


@pytest.fixture
def anyio_backend() -> str:
    return "asyncio"


class Bureau:
    """A bureau that says what it is told to."""

    def __init__(self) -> None:
        self.url = ""
        self.heard: list[Any] = []
        self.status = 200
        self.says: Any = {"score": 730, "name": "Wang Wei"}
        self.seconds = 0.0


@asynccontextmanager
async def running() -> AsyncIterator[Bureau]:
    bureau = Bureau()

    @post("/v2/score", status_code=200)
    async def score(request: AnyRequest) -> Response[bytes]:
        bureau.heard.append(json.loads(await request.body()))
        await asyncio.sleep(bureau.seconds)
        return Response(json.dumps(bureau.says).encode(), status_code=bureau.status, media_type="application/json")

    listener = listen("127.0.0.1", 0)
    bureau.url = f"http://127.0.0.1:{listener.getsockname()[1]}/v2/score"
    app = Litestar([score], openapi_config=None, logging_config=None)
    stop = asyncio.Event()
    serving = asyncio.create_task(serve_stand_in(app, listener, stop))
    try:
        yield bureau
    finally:
        stop.set()
        await serving


@asynccontextmanager
async def line(bureau: Bureau) -> AsyncIterator[Line[PersonalData]]:
    """Return the bureau as the settings name it."""
    settings = SourceSettings(url=bureau.url, timeout=TIMEOUT, reuse_days=0)
    (found,) = (each for each in lines({"bureau": settings}) if each.source.name == "bureau")
    assert isinstance(found.source, HttpSource)
    yield found
    await found.source.close()


async def ask(asked: Line[PersonalData], people: int = 1) -> dict[int, Findings]:
    who: list[Asking] = [(account, f"hash {account}", WHO) for account in range(1, people + 1)]
    return await Sources([asked]).gather(who, TODAY)


async def test_a_bureau_is_told_name_and_number_and_its_score_alone_is_taken() -> None:
    async with running() as bureau, line(bureau) as asked:
        found = await ask(asked)
        assert found[1] == Findings({"bureau": {"score": 730}}, (), {"bureau": TODAY})
        assert bureau.heard == [{"name": "Wang Wei", "identity_number": "990000196511300096"}]


@pytest.mark.parametrize(
    ("status", "says"),
    [(404, {"score": 730}), (200, {"score": "730"}), (200, {"score": -1}), (200, {"listed": True}), (200, "busy")],
)
async def test_what_is_no_score_is_no_answer(status: int, says: Any) -> None:
    async with running() as bureau, line(bureau) as asked:
        bureau.status, bureau.says = status, says
        assert (await ask(asked))[1] == Findings({}, ("bureau",), {})


async def test_a_bureau_that_hangs_holds_everybody_for_its_time_and_no_longer() -> None:
    async with running() as bureau, line(bureau) as asked:
        bureau.seconds = 150 * TIMEOUT
        began = time.monotonic()
        found = await ask(asked, people=200)
        assert all(each.missing == ("bureau",) for each in found.values())
        assert TIMEOUT <= time.monotonic() - began < bureau.seconds
        assert len(bureau.heard) <= asked.in_flight_max


async def test_a_bureau_that_is_not_there_is_missing() -> None:
    async with running() as bureau:
        pass
    async with line(bureau) as asked:
        assert (await ask(asked))[1].missing == ("bureau",)


async def test_the_sources_of_this_machine_answer_as_real_ones_do() -> None:
    listener, stop = listen("127.0.0.1", 0), asyncio.Event()
    base = f"http://127.0.0.1:{listener.getsockname()[1]}"
    serving = asyncio.create_task(serve_stand_in(make_sources(latency=0.01), listener, stop))
    asked = lines({name: SourceSettings(url=f"{base}/{name}") for name in REUSE_DAYS})
    found = await Sources(asked).gather([(1, "hash 1", WHO)], TODAY)
    assert not found[1].missing
    assert found[1].answers.keys() == REUSE_DAYS.keys()
    for each in asked:
        assert isinstance(each.source, HttpSource)
        await each.source.close()
    async with httpx.AsyncClient(base_url=base) as client:
        assert (await client.post("/nobody", json={})).status_code == 404
        assert (await client.post("/bureau", json={})).status_code == 422
    stop.set()
    await serving


async def test_a_system_pays_once_for_an_answer_whatever_restarts(tmp_path: Path) -> None:
    async with running() as bureau:
        # An answer that comes too late is not kept, and a machine at its limit makes it late.
        sources: dict[SourceName, SourceSettings] = {"bureau": SourceSettings(url=bureau.url, timeout=10)}
        async with lending(tmp_path, {}, sources) as lender:
            account = lender.person()
            number = identity_number(account)
            await lender.meet(account)
            assert (await lender.apply(account))["state"] == "approved"
            kept = await lender.fetch("SELECT source, convert_from(body, 'UTF8') FROM answer")
            assert kept == [("bureau", '{"score":730}')]
            for pid in lender.system.shard_pids.values():
                os.kill(pid, SIGKILL)

            async def withdrawn() -> bool:
                sent = await lender.send(WithdrawApplication(account=account, application=1), "withdraw")
                return sent.status_code == 200

            await until(withdrawn)
            await lender.apply(account, 900_000)
            (_, application) = (await lender.file(account))["applications"]
            assert application["verdict"]["inputs"]["bureau"] == {"score": 730}
            assert [each["identity_number"] for each in bureau.heard] == [number]
            assert find_in_files(lender.home, [number]) == []
            assert await find_plain(lender.system.postgres_dsn, [number]) == []
