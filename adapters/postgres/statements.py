"""Named statements out of SQL files."""

import re
from pathlib import Path
from typing import Final

_NAMED: Final = re.compile(r"^-- name: (\w+)\n(.*?)(?=^-- name: |\Z)", re.MULTILINE | re.DOTALL)


def statements(file: str) -> dict[str, str]:
    """Return the statements of a file beside this one by their names."""
    text = Path(__file__).with_name(file).read_text(encoding="utf-8")
    return {match[1]: match[2].strip() for match in _NAMED.finditer(text)}
