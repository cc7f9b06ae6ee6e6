"""The supervisor: puts a book's shards on a Ray cluster, waits until they serve, and is done. Ray keeps them alive."""

import argparse
import os
from functools import partial

import msgspec

from actors.cluster import join_ray, start_shards
from adapters.house import HouseSettings, LendingHouse
from adapters.postgres.journal import PostgresJournal


def main() -> None:
    """Start the shards; those of a former run are ended first."""
    parser = argparse.ArgumentParser(prog="python -m adapters.shards_process", description=__doc__)
    parser.add_argument("--dsn", required=True, help="the book's PostgreSQL database")
    parser.add_argument("--ray", required=True, help="address of the Ray cluster")
    parser.add_argument("--shards", required=True, type=int)
    parser.add_argument("--logs", help="a directory for the shards' logs and process ids; without it Ray keeps them")
    parser.add_argument("--house", required=True, help="where the lender's documents and keys are, JSON")
    options = parser.parse_args()
    settings = msgspec.json.decode(options.house, type=HouseSettings)
    join_ray(options.ray)
    start_shards(
        options.shards,
        partial(PostgresJournal.connect, options.dsn),
        options.logs,
        partial(LendingHouse.open, settings, options.dsn),
    )
    # Leaving in good order takes Ray half a second, and nobody needs it.
    os._exit(0)


if __name__ == "__main__":
    main()
