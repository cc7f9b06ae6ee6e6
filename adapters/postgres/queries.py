"""The journal's and the book's statements."""

from typing import Final

from adapters.postgres.statements import statements

SQL: Final = statements("queries.sql")
