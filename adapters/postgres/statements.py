"""Named statements out of SQL files."""

import re
from pathlib import Path
from typing import Final

_NAMED: Final = re.compile(r"^-- name: (\w+)\n(.*?)(?=^-- name: |\Z)", re.MULTILINE | re.DOTALL)


def statements(file: str | Path) -> dict[str, str]:
    """Return the statements of a file by their names; a bare name is that of a file beside this one."""
    text = (Path(__file__).parent / file).read_text(encoding="utf-8")
    return {match[1]: match[2].strip() for match in _NAMED.finditer(text)}
