"""The payer, and the bank of this machine where no real one is named: processes that the system keeps alive."""

import subprocess
from collections.abc import Callable
from typing import Final

from adapters.house import BANK, house_settings
from adapters.rails.callbacks import CALLBACK_PATH
from adapters.settings import Settings

Child = subprocess.Popen[bytes]
Start = Callable[..., Child]
"""Starts a Python module with arguments as a child process."""
_CALLBACK: Final = CALLBACK_PATH.replace("{rail:str}", BANK)


class Paying:
    """Starts the two, and starts again what died."""

    def __init__(self, settings: Settings, start: Start, bank_port: int) -> None:
        self._settings = settings
        self._start = start
        self._bank_port = bank_port
        self._house = house_settings(settings, self.bank_url)
        self._bank: Child | None = None
        self._payer: Child | None = None

    @property
    def bank_url(self) -> str:
        """Where money goes."""
        return self._settings.bank_url or f"http://{self._settings.http_host}:{self._bank_port}"

    @property
    def children(self) -> list[Child]:
        """What runs; the payer first, since it asks the bank."""
        return [child for child in (self._payer, self._bank) if child is not None]

    def start(self, dsn: str, gateway: str) -> None:
        """Start both."""
        self._dsn, self._gateway = dsn, gateway
        self._bank, self._payer = self._start_bank(), self._start_payer()

    async def revive(self) -> bool:
        """Start again what died; return whether anything had."""
        dead = [child for child in self.children if child.poll() is not None]
        if self._bank in dead:
            self._bank = self._start_bank()
        if self._payer in dead:
            self._payer = self._start_payer()
        return bool(dead)

    def _start_payer(self) -> Child:
        where = ("--dsn", self._dsn, "--gateway", self._gateway, "--bank", self.bank_url)
        return self._start(
            "adapters.payer_process", *where, "--keys", self._house.keys, "--token", self._house.payer_token
        )

    def _start_bank(self) -> Child | None:
        """Start the bank of this machine, which pays nobody; none where a real one is named."""
        if self._settings.bank_url:
            return None
        where = ("--host", self._settings.http_host, "--port", str(self._bank_port))
        notices = ("--callback", self._gateway + _CALLBACK, "--secret", self._house.bank_secret)
        return self._start("cli", "bank", *where, *notices, "--ledger", f"{self._settings.data_dir}/bank.sqlite")
