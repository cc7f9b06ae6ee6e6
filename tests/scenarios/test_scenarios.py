"""Plays every *.scenario file twice: day by day, and with the days between two requests caught up in one go."""

import re
from pathlib import Path

import pytest

from tests.scenarios.playing import comes_out
from tests.scenarios.reading import read_scenario

FILES = sorted(Path(__file__).parent.glob("*.scenario"))


@pytest.mark.parametrize("daily", [True, False], ids=["day by day", "in one go"])
@pytest.mark.parametrize("path", FILES, ids=lambda path: path.stem)
def test_the_scenario_comes_out_as_written(path: Path, *, daily: bool) -> None:
    comes_out(read_scenario(path.read_text()), daily=daily)


def test_the_list_of_features_names_every_scenario() -> None:
    listed = (Path(__file__).parent / "README.md").read_text().split("## Which file shows what")[1]
    assert set(re.findall(r"`(\w+)`", listed)) - {"simulate"} == {path.stem for path in FILES}
