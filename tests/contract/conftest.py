"""A database for each test that asks for one."""

from itertools import count

import pytest

from adapters.embedded.servers import EmbeddedPostgres
from tests.contract.building import new_database

_numbers = count(1)


@pytest.fixture
def database(postgres: EmbeddedPostgres) -> str:
    """The DSN of a fresh, migrated database."""
    return new_database(postgres, f"contract_{next(_numbers)}")
