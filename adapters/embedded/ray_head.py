"""Ray for a machine that has none: one small head as our child, on the loopback only. All calls block."""

import os
import secrets
import shutil
import sys
import time
from pathlib import Path
from signal import Signals
from typing import Final, Self

from adapters.embedded.child_process import ChildServer, EmbeddedError, make_private, spawn

READY_SECONDS_MAX: Final = 60
POLL_SECONDS: Final = 0.02
OBJECT_STORE_BYTES: Final = 80_000_000
"""About the least that Ray takes; batches travel inline and never see it."""
STOP: Final = ((Signals.SIGTERM, 8), (Signals.SIGKILL, 5))
SETTINGS: Final = {
    # The name is historical: 0 keeps every port of Ray's on the loopback.
    "RAY_ENABLE_WINDOWS_OR_OSX_CLUSTER": "0",
    # Workers are niced to 15 by default and would starve beside Postgres.
    "RAY_worker_niceness": "0",
    "RAY_worker_oom_score_adjustment": "0",
    "RAY_memory_monitor_refresh_ms": "0",
    "RAY_health_check_period_ms": "1000",
    "RAY_health_check_timeout_ms": "2000",
    "RAY_health_check_failure_threshold": "3",
    # An orphaned shard ends this soon, and a caller learns this soon that its shard died.
    "RAY_raylet_death_check_interval_milliseconds": "200",
    "RAY_timeout_ms_task_wait_for_death_info": "100",
    # Whatever is left of a killed head gives up this soon.
    "RAY_gcs_rpc_server_reconnect_timeout_s": "10",
    "RAY_GRACEFUL_SHUTDOWN_DRAIN_TIMEOUT_S": "0",
    "RAY_enable_metrics_collection": "0",
    "RAY_event_stats": "0",
    "RAY_task_events_report_interval_ms": "0",
    "RAY_prestart_worker_first_driver": "0",
    "RAY_USAGE_STATS_ENABLED": "0",
    "RAY_DEDUP_LOGS": "0",
    "RAY_ACCEL_ENV_VAR_OVERRIDE_ON_ZERO": "0",
}
"""Read by Ray when it is imported, so every process of the cluster has to be started with them."""


class EmbeddedRay(ChildServer):
    """One Ray head with room for a number of shards; with any part of it the whole head ends, and all shards in it."""

    def __init__(self, directory: Path, shards: int) -> None:
        super().__init__(directory, "ray.log", STOP)
        self._shards = shards
        self._token = ""

    @property
    def ready(self) -> bool:
        """Whether it can be joined."""
        return self.pid is not None and self._address_file.exists()

    @property
    def address(self) -> str:
        """Where to join; another one after each start."""
        return self._address_file.read_text().strip()

    @property
    def environment(self) -> dict[str, str]:
        """What a process needs to join: whoever has the token may run code in this cluster."""
        return {**os.environ, **SETTINGS, "RAY_AUTH_MODE": "token", "RAY_AUTH_TOKEN": self._token}

    def start(self) -> Self:
        """Start the head and return once it can be joined."""
        assert self.pid is None, "already started"
        self.directory.mkdir(parents=True, exist_ok=True)
        # What a killed run left is found here, since the place is the same for each start.
        shutil.rmtree(self._sockets, ignore_errors=True)
        make_private(self._sockets, None)
        for former in self.directory.glob("shard-*.pid"):
            former.unlink()
        self._token = secrets.token_hex(32)
        process = self._process = spawn(
            self._command(), log=self.log, death_signal=Signals.SIGTERM, environment=self.environment
        )
        deadline = time.monotonic() + READY_SECONDS_MAX
        while not self.ready:
            if process.poll() is not None or time.monotonic() > deadline:
                self.stop()
                raise EmbeddedError(f"Ray did not start. Look into {self.log}.")
            time.sleep(POLL_SECONDS)
        return self

    @property
    def _address_file(self) -> Path:
        """Written by Ray as its last step."""
        return self._sockets / "ray_current_cluster"

    def _command(self) -> list[str]:
        """Without monitor, log monitor and dashboard: they are a quarter of a gigabyte and a second or two."""
        start = [sys.executable, "-m", "ray.scripts.scripts", "start", "--head", "--block", "--disable-usage-stats"]
        size = [f"--num-cpus={self._shards}", f'--resources={{"shard": {self._shards}}}']
        store = [f"--object-store-memory={OBJECT_STORE_BYTES}", f"--temp-dir={self._sockets}"]
        ports = ["--port=0", "--dashboard-port=0"]
        return [
            *start,
            *size,
            *store,
            *ports,
            "--no-monitor",
            "--include-log-monitor=false",
            "--include-dashboard=false",
        ]
