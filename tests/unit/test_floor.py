"""What the bare client of the benches writes again is read as it was written."""

import re

import pytest
from msgspec import Struct

from actors.rows import EventRow, LoanRow, RequestRow
from loadtests.ledger import SQL


@pytest.mark.parametrize(
    ("statement", "row", "before"),
    [("floor_loans", LoanRow, []), ("floor_events", EventRow, ["txid"]), ("floor_requests", RequestRow, [])],
)
def test_a_statement_reads_the_columns_of_its_row(statement: str, row: type[Struct], before: list[str]) -> None:
    columns = re.split(r"[,\s]+", SQL[statement].partition("SELECT ")[2].partition("FROM")[0].strip())
    assert columns == [*before, *row.__struct_fields__]
