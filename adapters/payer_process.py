"""The payer as a process of its own. Any number may run; what one that dies was at, others take up."""

import argparse
import asyncio
import logging
from pathlib import Path

import uvloop

from actors.clock import MonotonicClock
from actors.payer import Payer
from adapters.postgres.session import Session
from adapters.privacy.keyring import Keyring
from adapters.privacy.masking import mask_logs
from adapters.privacy.register import Register
from adapters.rails.bank_http import BankHttp
from adapters.rails.orders import PostgresOrders
from adapters.rails.payees import Payees, SealedPayees
from adapters.rails.tell import GatewayTell
from adapters.stopping import run_until, told_to_stop

SESSION_NAME = "tenor-payer"


async def run_payer(dsn: str, gateway: str, bank: str, token: str, payees: Payees, stop: asyncio.Event) -> None:
    """Pay, ask and tell until told to stop."""
    session, rail = Session(dsn, SESSION_NAME, {}), BankHttp(bank, payees)
    tell = GatewayTell(gateway, token)
    try:
        await run_until(stop, Payer(PostgresOrders(session), rail, tell, MonotonicClock()).run())
    finally:
        for each in (rail, tell, session):
            await each.close()


def main() -> None:
    """Run until SIGTERM or SIGINT."""
    parser = argparse.ArgumentParser(prog="python -m adapters.payer_process", description=__doc__)
    parser.add_argument("--dsn", required=True, help="the book's PostgreSQL database")
    parser.add_argument("--gateway", required=True, help="where the accounts are told, e.g. http://127.0.0.1:8700")
    parser.add_argument("--bank", required=True, help="where the bank is asked, e.g. http://127.0.0.1:8710")
    parser.add_argument("--keys", required=True, type=Path, help="the key file that payees are sealed with")
    parser.add_argument("--token", required=True, type=Path, help="the file with the payer's token")
    options = parser.parse_args()
    logging.basicConfig(format="%(asctime)s %(levelname)s %(message)s", level=logging.WARNING)
    mask_logs()
    # httpx would name each order.
    logging.getLogger("httpx").setLevel(logging.WARNING)
    uvloop.run(_until_signalled(options))


async def _until_signalled(options: argparse.Namespace) -> None:
    stop = told_to_stop()
    register = Register(options.dsn, Keyring.load(options.keys))
    token = options.token.read_text().strip()
    try:
        await run_payer(options.dsn, options.gateway, options.bank, token, SealedPayees(register), stop)
    finally:
        await register.close()


if __name__ == "__main__":
    main()
