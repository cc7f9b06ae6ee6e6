"""What no linter holds: lengths, exact money, finished work and no trace of one machine. Ratchets only tighten."""

import ast
import re
import subprocess
from collections.abc import Iterator
from pathlib import Path

import pytest

ROOT = Path(__file__).parent.parent
PACKAGES = ("core", "accounting", "actors", "adapters", "loadtests")
PURE = ("core", "accounting")
FILE_LINES_MAX = 300
FUNCTION_LINES_MAX = 40

# Spelled in two halves, so that this file does not hold what it forbids.
UNFINISHED = re.compile(r"\b(" + "|".join(["TO" + "DO", "FIX" + "ME", "X" + "XX", "HA" + "CK"]) + r")\b")
SILENCED = re.compile(r"# (type: ignore|noqa)[^\s#]*\s*$")
MACHINE_PATH = re.compile(
    r"(?<![\w.$}])/(?:" + "|".join(["ho" + "me/\\w", "ro" + "ot/", "wo" + "rk/", "Us" + "ers/\\w"]) + ")"
)


def tracked(*patterns: str) -> list[Path]:
    """Files that git keeps or would keep; all of them outside a repository."""
    command = ["git", "ls-files", "--cached", "--others", "--exclude-standard", "--", *patterns]
    listed = subprocess.run(command, cwd=ROOT, capture_output=True, text=True, check=False)
    if listed.returncode != 0:
        pytest.skip("not a git repository")
    return sorted(path for name in set(listed.stdout.splitlines()) if (path := ROOT / name).is_file())


def sources(*places: str) -> list[Path]:
    return tracked(*(f"{place}/*.py" for place in places))


def functions(path: Path) -> Iterator[ast.FunctionDef | ast.AsyncFunctionDef]:
    for node in ast.walk(ast.parse(path.read_text())):
        if isinstance(node, ast.FunctionDef | ast.AsyncFunctionDef):
            yield node


def length(function: ast.FunctionDef | ast.AsyncFunctionDef) -> int:
    """Lines from the signature to the end, as a reader meets them."""
    return (function.end_lineno or function.lineno) - function.lineno + 1


def where(path: Path, line: int) -> str:
    return f"{path.relative_to(ROOT)}:{line}"


def test_files_stay_short() -> None:
    long = {
        where(path, 1): lines for path in our_code() if (lines := len(path.read_text().splitlines())) > FILE_LINES_MAX
    }
    assert not long, f"split them: at most {FILE_LINES_MAX} lines a file"


def test_functions_stay_short() -> None:
    long = [
        f"{where(path, function.lineno)} {function.name}: {length(function)}"
        for path in our_code()
        for function in functions(path)
        if length(function) > FUNCTION_LINES_MAX
    ]
    assert not long, f"split them: at most {FUNCTION_LINES_MAX} lines a function"


def test_what_a_checker_is_told_to_ignore_has_its_reason_beside_it() -> None:
    bare = [
        where(path, number)
        for path in tracked("*.py")
        for number, line in enumerate(path.read_text().splitlines(), 1)
        if SILENCED.search(line)
    ]
    assert not bare, "say behind it why"


def test_no_float_touches_money() -> None:
    floats = [
        where(path, node.lineno)
        for path in sources(*PURE)
        for node in ast.walk(ast.parse(path.read_text()))
        if (isinstance(node, ast.Name) and node.id == "float")
        or (isinstance(node, ast.Constant) and isinstance(node.value, float))
        or (isinstance(node, ast.BinOp) and isinstance(node.op, ast.Div))
    ]
    assert not floats, "core and accounting count in integers: no float name, no float literal, no true division"


@pytest.mark.parametrize(
    ("what", "pattern"), [("unfinished work", UNFINISHED), ("a path of one machine", MACHINE_PATH)]
)
def test_nothing_unfinished_and_nothing_of_one_machine(what: str, pattern: re.Pattern[str]) -> None:
    found = [
        f"{where(path, number)}: {line.strip()[:100]}"
        for path in tracked(".")
        if path.suffix != ".lock"
        for number, line in enumerate(path.read_text(errors="replace").splitlines(), 1)
        if pattern.search(line)
    ]
    assert not found, what


def test_the_lock_names_no_host_and_no_place() -> None:
    lock = (ROOT / "requirements.lock").read_text()
    assert not re.search(r"://|^\s*--(?!hash=sha256:)|@ |file:", lock, re.MULTILINE)


def our_code() -> list[Path]:
    return [*sources(*PACKAGES), *tracked("cli.py")]
