"""The code map of ARCHITECTURE.md names every module, or the package it stands in; the tests that it names exist."""

import re

import pytest

from tests.test_tidy import PACKAGES, ROOT, sources

TEXT = (ROOT / "ARCHITECTURE.md").read_text()
MAP = TEXT.split("## Code map")[1].split("\n## ")[0]
INVARIANTS = TEXT.split("## Invariants")[1].split("\n## ")[0]
CORNERS = re.compile(r"`([\w/*]+(?:\.py|\.sql|/))`")


def named(package: str) -> set[str]:
    """Return the files and folders that the package's part of the map names."""
    part = re.split(r"^\*\*(\w+)/?", MAP, flags=re.MULTILINE)
    return set(CORNERS.findall(part[part.index(package) + 1]))


@pytest.mark.parametrize("package", PACKAGES)
def test_every_module_is_in_the_code_map(package: str) -> None:
    names, missing = named(package), []
    for path in sources(package):
        inside = path.relative_to(ROOT / package)
        folders = {f"{folder.as_posix()}/" for folder in inside.parents}
        if path.name != "__init__.py" and not names & {path.name, inside.as_posix(), *folders}:
            missing.append(inside.as_posix())
    assert not missing


@pytest.mark.parametrize("package", PACKAGES)
def test_the_code_map_names_only_what_exists(package: str) -> None:
    there = {path.relative_to(ROOT / package) for path in (ROOT / package).rglob("*")}
    known = {path.as_posix() for path in there} | {path.name for path in there} | {f"{p.as_posix()}/" for p in there}
    assert not {name for name in named(package) if "*" not in name} - known


def test_the_invariants_name_only_tests_that_exist() -> None:
    kinds = "|".join(path.name for path in (ROOT / "tests").iterdir() if path.is_dir() and path.name != "__pycache__")
    tests = re.findall(rf"`((?:{kinds})/[\w/.*]*)`", INVARIANTS)
    assert tests
    assert not [name for name in tests if not list((ROOT / "tests").glob(name))]
