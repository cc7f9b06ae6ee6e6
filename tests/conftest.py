"""What every kind of test shares: Hypothesis profiles and the embedded servers."""

import os
from collections.abc import Iterator
from signal import SIGQUIT

import pytest
from hypothesis import HealthCheck, settings

from adapters.embedded.servers import EmbeddedPostgres, EmbeddedRedis

settings.register_profile("default", max_examples=60, deadline=None, suppress_health_check=[HealthCheck.too_slow])
settings.register_profile("thorough", parent=settings.get_profile("default"), max_examples=2000)
settings.load_profile(os.environ.get("HYPOTHESIS_PROFILE", "default"))


@pytest.fixture(scope="session")
def postgres(tmp_path_factory: pytest.TempPathFactory) -> Iterator[EmbeddedPostgres]:
    """One PostgreSQL for the whole run; a test that needs a clean one makes its own database in it."""
    with EmbeddedPostgres(tmp_path_factory.mktemp("embedded") / "postgres") as server:
        yield server
        # Its data goes: without the checkpoint of an orderly end, which takes long with a hundred databases.
        assert server.pid is not None
        os.kill(server.pid, SIGQUIT)


@pytest.fixture(scope="session")
def redis_server(tmp_path_factory: pytest.TempPathFactory) -> Iterator[EmbeddedRedis]:
    """One Redis for the whole run."""
    with EmbeddedRedis(tmp_path_factory.mktemp("embedded") / "redis") as server:
        yield server
