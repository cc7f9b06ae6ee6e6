"""A database for each test that asks for one."""

from itertools import count

import pytest

from adapters.embedded.servers import EmbeddedPostgres
from adapters.postgres.migrate import migrate
from tests.contract.building import new_database

_numbers = count(1)


@pytest.fixture(scope="session")
def migrated(postgres: EmbeddedPostgres) -> str:
    """The name of a migrated database that others are copies of: a copy takes a quarter of the time."""
    migrate(new_database(postgres, "migrated"))
    return "migrated"


@pytest.fixture
def database(postgres: EmbeddedPostgres, migrated: str) -> str:
    """The DSN of a fresh, migrated database."""
    return new_database(postgres, f"contract_{next(_numbers)}", migrated)


@pytest.fixture
def empty_database(postgres: EmbeddedPostgres) -> str:
    """The DSN of a database that nothing was done to."""
    return new_database(postgres, f"contract_{next(_numbers)}")
