"""Published figures of other systems, restated with their source: the engine reproduces every one of them."""

import json
from functools import cache
from pathlib import Path
from typing import Any, Final

import pytest

from adapters.conformance.report import run_file

FILES: Final = Path(__file__).parent / "published"
COUNTS: Final = {
    "actus_core.json": 14,
    "actus_more.json": 21,
    "fineract_allocations.json": 63,
    "fineract_schedules.json": 40,
    "frappe.json": 21,
    "published_cn.json": 29,
}
"""Cases of each file, so that a lost one cannot pass."""
DERIVED: Final = "derived_not_published"


@cache
def content(file: str) -> dict[str, Any]:
    read: dict[str, Any] = json.loads((FILES / file).read_text(encoding="utf-8"))
    return read


def cases() -> list[Any]:
    return [
        pytest.param(file, kind, place, id=f"{Path(file).stem}-{case['id']}")
        for file in COUNTS
        for kind in ("cases", DERIVED)
        for place, case in enumerate(content(file).get(kind, []))
    ]


@pytest.mark.parametrize(("file", "kind", "place"), cases())
def test_the_engine_gives_the_published_figures(file: str, kind: str, place: int, tmp_path: Path) -> None:
    # A derived case may refer to the ones before it.
    chosen = content(file)[kind][0 if kind == DERIVED else place : place + 1]
    path = tmp_path / file
    path.write_text(json.dumps({"cases": [], kind: chosen}), encoding="utf-8")
    report = run_file(path)
    assert report.misses == ()
    assert report.matched == len(chosen), "the engine does not claim it"


def test_no_file_and_no_case_is_lost() -> None:
    found = {path.name: content(path.name) for path in FILES.glob("*.json")}
    ids = {
        file: [case["id"] for kind in ("cases", DERIVED) for case in read.get(kind, [])] for file, read in found.items()
    }
    assert {file: len(set(of_file)) for file, of_file in ids.items()} == COUNTS


def test_every_file_names_its_source_and_licence() -> None:
    assert all({"source", "licence", "restated"} <= content(file).keys() for file in COUNTS)


def test_figures_known_to_be_wrong_are_refuted() -> None:
    computed = {claim.id: (claim.claimed, claim.computed) for claim in run_file(FILES / "published_cn.json").refuted}
    assert computed == {
        "BAD1": ({"total": "1752345.00", "saving": "180214.20"}, {"total": "1752082.75", "saving": "180473.13"}),
        "BAD2": (
            {"last payment": "2790.58", "saving": "126617.20"},
            {"last payment": "2788.32", "saving": "173574.04"},
        ),
        "BAD3": ({}, {}),
        "BAD4": ({"annual_rate": "0.1329"}, {"annual_rate": "0.1303"}),
    }
