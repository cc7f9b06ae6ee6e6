"""Servers run as our own children: how they start, whom they run as, how they end, and that they never outlive us."""

import ctypes
import hashlib
import os
import pwd
import shutil
import stat
import subprocess
import tempfile
from abc import ABC, abstractmethod
from collections.abc import Mapping, Sequence
from concurrent.futures import ThreadPoolExecutor
from contextlib import suppress
from importlib.util import find_spec
from pathlib import Path
from signal import Signals
from typing import Self

PR_SET_PDEATHSIG = 1  # linux/prctl.h
SOCKET_PATH_BYTES_MAX = 103  # sockaddr_un holds 104 bytes on macOS and 108 on Linux, the closing zero included.

_libc = ctypes.CDLL(None)

# Linux sends the death signal when the *thread* that started the child ends, so one thread that lasts starts them all.
_keeper = ThreadPoolExecutor(max_workers=1, thread_name_prefix="embedded-servers")


class EmbeddedError(Exception):
    """An embedded server could not be started; the message says what to do next."""


def package_file(package: str, relative: str) -> Path:
    """A file that an installed package ships, found without importing the package."""
    spec = find_spec(package)
    path = Path((spec.submodule_search_locations or [""])[0], relative) if spec else None
    if path is None or not path.is_file():
        raise EmbeddedError(f"The package {package} with {relative} is not installed. Run `make setup`.")
    return path


def unprivileged_user(directory: Path) -> str | None:
    """Whom a server that refuses root runs as: None (ourselves) unless we are root.

    A data directory keeps its owner; a new one goes to `nobody`, who exists everywhere, so no user has to be created.
    """
    if os.geteuid() != 0:
        return None
    owner = directory.stat().st_uid if directory.exists() else 0
    return pwd.getpwuid(owner).pw_name if owner else "nobody"


def give_to(path: Path, user: str | None) -> None:
    """Make `path` belong to `user`, and let that user pass through the directories above it (nothing more)."""
    if user is None:
        return
    entry = pwd.getpwnam(user)
    os.chown(path, entry.pw_uid, entry.pw_gid)
    let_pass(path)


def let_pass(path: Path) -> None:
    """Give everybody the right to pass through the directories above `path`; called by root only."""
    for parent in path.resolve().parents:
        mode = stat.S_IMODE(parent.stat().st_mode)
        if not mode & stat.S_IXOTH:
            parent.chmod(mode | stat.S_IXOTH)


def socket_directory(directory: Path) -> Path:
    """A short path for Unix sockets, always the same for one data directory, so that any process finds the server."""
    name = hashlib.sha256(str(directory.resolve()).encode()).hexdigest()[:12]
    path = Path(tempfile.gettempdir(), f"tenor-{os.geteuid()}-{name}")
    if len(str(path / ".s.PGSQL.5432").encode()) > SOCKET_PATH_BYTES_MAX:
        raise EmbeddedError(f"The path {path} is too long for a socket. Set TMPDIR to a shorter directory, e.g. /tmp.")
    return path


def make_private(path: Path, user: str | None) -> None:
    """Create `path` for its owner alone; whoever reaches a socket in it is the database's superuser."""
    path.mkdir(mode=0o700, exist_ok=True)
    ours = {os.geteuid(), pwd.getpwnam(user).pw_uid if user else os.geteuid()}
    if path.is_symlink() or path.stat().st_uid not in ours:
        raise EmbeddedError(f"{path} belongs to another user. Remove it, or set TMPDIR to a directory of your own.")
    give_to(path, user)


def spawn(
    command: Sequence[str | Path],
    *,
    log: Path,
    death_signal: Signals,
    user: str | None = None,
    environment: Mapping[str, str] | None = None,
) -> subprocess.Popen[bytes]:
    """Start a server in a session of its own (a terminal's Ctrl-C is not for it), its output appended to `log`.

    On Linux it gets `death_signal` when we end, by a kill -9 too.
    """
    parent = os.getpid()

    def die_with_parent() -> None:
        if hasattr(_libc, "prctl"):
            _libc.prctl(PR_SET_PDEATHSIG, int(death_signal))
        if os.getppid() != parent:  # We died before the signal was set.
            os._exit(1)

    with log.open("ab") as sink:
        started = _keeper.submit(
            subprocess.Popen,
            [str(part) for part in command],
            stdin=subprocess.DEVNULL,
            stdout=sink,
            stderr=subprocess.STDOUT,
            start_new_session=True,
            preexec_fn=die_with_parent,
            env=environment,
            user=user,
            group=pwd.getpwnam(user).pw_gid if user else None,
            extra_groups=[] if user else None,
        )
        return started.result()


def end(process: subprocess.Popen[bytes], steps: Sequence[tuple[Signals, int]]) -> None:
    """Ask a server to end, each step a signal and the seconds that it is given."""
    for signal, seconds in steps:
        if process.poll() is not None:
            return
        process.send_signal(signal)
        with suppress(subprocess.TimeoutExpired):
            process.wait(seconds)


class ChildServer(ABC):
    """One server on one directory: started, ended, and brought back if it died."""

    def __init__(self, directory: Path, log: str, ending: Sequence[tuple[Signals, int]]) -> None:
        """Take the directory, the log's name in it, and the signals that end the server."""
        self.directory = directory.resolve()
        self.log = self.directory / log
        self._sockets = socket_directory(self.directory)
        self._ending = ending
        self._process: subprocess.Popen[bytes] | None = None

    @property
    def pid(self) -> int | None:
        """The server's process id while this object's server runs."""
        return self._process.pid if self._process and self._process.poll() is None else None

    def __enter__(self) -> Self:
        return self.start()

    def __exit__(self, *_: object) -> None:
        self.stop()

    @abstractmethod
    def start(self) -> Self:
        """Start the server and return once it answers; raises EmbeddedError."""

    def stop(self) -> None:
        """Shut down in an orderly way, by force when that takes too long."""
        if self._process is not None:
            end(self._process, self._ending)
            self._process = None
            shutil.rmtree(self._sockets, ignore_errors=True)

    def restart_if_dead(self) -> bool:
        """Bring the server back if it died; true if it had to be."""
        if self.pid is not None:
            return False
        self.start()
        return True
