"""Looks for planted personal data in every place that is stored: tables, streams and files, in each usual writing."""

from base64 import b64encode
from collections.abc import Iterable
from contextlib import suppress
from json import dumps
from pathlib import Path
from typing import Any, Final, NamedTuple

import asyncpg
from redis.asyncio import Redis

_COLUMNS: Final = """
SELECT n.nspname, c.relname, a.attname, a.atttypid = 'bytea'::regtype
FROM pg_attribute a JOIN pg_class c ON c.oid = a.attrelid JOIN pg_namespace n ON n.oid = c.relnamespace
WHERE c.relkind IN ('r', 'm') AND a.attnum > 0 AND NOT a.attisdropped
    AND n.nspname NOT IN ('pg_catalog', 'information_schema', 'pg_toast')
ORDER BY 1, 2, 3
"""
_SEARCH: Final = """
SELECT DISTINCT form.number FROM "{schema}"."{table}" AS stored
JOIN unnest($1::bytea[]) WITH ORDINALITY AS form (bytes, number)
    ON position(form.bytes IN {content}) > 0
"""
_CHUNK: Final = 1 << 20
_INTEGER_BYTES_MIN: Final = 5
"""Shorter integers turn up by chance."""


class Found(NamedTuple):
    """Personal data in plain, or in a writing that anybody reads."""

    place: str
    needle: str
    form: str


def forms(needle: str) -> dict[bytes, str]:
    """Return a text as it may be stored: itself, hex, base64 at each offset, JSON's escapes, an integer's bytes."""
    plain = needle.encode()
    found = {plain: "utf-8", plain.hex().encode(): "hex", plain.hex().upper().encode(): "hex"}
    found[dumps(needle)[1:-1].encode()] = "json"
    for offset in range(3):
        # What lies before shifts the writing; characters that also hold bits of the neighbours are left out.
        written = b64encode(b"\0" * offset + plain)
        first, last = -(-offset * 8 // 6), (offset + len(plain)) * 8 // 6
        found[written[first:last]] = "base64"
    if needle.isdecimal() and (size := (int(needle).bit_length() + 7) // 8) >= _INTEGER_BYTES_MIN:
        found[int(needle).to_bytes(size, "big")] = "integer"
    found[plain] = "utf-8"
    return found


def find_in_bytes(place: str, content: bytes, needles: Iterable[str]) -> list[Found]:
    """Return what of these stands in some content."""
    return [
        Found(place, needle, form) for needle in needles for bytes_, form in forms(needle).items() if bytes_ in content
    ]


async def find_plain(dsn: str, needles: Iterable[str]) -> list[Found]:
    """Return where any of these stands in a database: every column of every table, whatever its type."""
    wanted = [(needle, form, bytes_) for needle in needles for bytes_, form in forms(needle).items()]
    found = []
    connection = await asyncpg.connect(dsn)
    try:
        for schema, table, column, is_bytes in await connection.fetch(_COLUMNS):
            content = f'stored."{column}"' if is_bytes else f"convert_to(stored.\"{column}\"::text, 'UTF8')"
            statement = _SEARCH.format(schema=schema, table=table, content=content)
            for (number,) in await connection.fetch(statement, [bytes_ for _, _, bytes_ in wanted]):
                needle, form, _ = wanted[number - 1]
                found.append(Found(f"{schema}.{table}.{column}", needle, form))
    finally:
        await connection.close()
    return found


async def find_in_redis(url: str, needles: Iterable[str]) -> list[Found]:
    """Return where any of these stands in Redis: keys, and entries of streams."""
    needles, found = list(needles), []
    redis = Redis.from_url(url)
    try:
        async for key in redis.scan_iter():
            # A dump holds short texts as they are, but long ones compressed and numbers packed: entries are read.
            stored = await (redis.xrange(key) if await redis.type(key) == b"stream" else redis.dump(key))
            found += find_in_bytes(key.decode(errors="replace"), key + b"\n" + _flat(stored), needles)
    finally:
        await redis.aclose()
    return found


def _flat(stored: Any) -> bytes:
    match stored:
        case bytes():
            return stored
        case dict():
            return _flat([*stored, *stored.values()])
        case list() | tuple():
            return b"\n".join(map(_flat, stored))
        case _:
            return b""


def find_in_files(directory: Path, needles: Iterable[str]) -> list[Found]:
    """Return which files below a directory hold any of these; what vanishes meanwhile is left out."""
    needles, found = list(needles), set()
    overlap = max((len(form) for needle in needles for form in forms(needle)), default=0)
    for path in sorted(path for path in directory.rglob("*") if path.is_file()):
        # A server that runs replaces files of its own between the listing and here.
        with suppress(FileNotFoundError), path.open("rb") as file:
            before = b""
            while part := file.read(_CHUNK):
                found |= set(find_in_bytes(str(path.relative_to(directory)), before + part, needles))
                before = part[-overlap:]
    return sorted(found)
