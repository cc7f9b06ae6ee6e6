"""Stored events are for good: today's code must read them and reach the state that they led to when written."""

from pathlib import Path
from typing import get_args

import msgspec
import pytest

from core.events import Event, kind_of
from core.evolve import replay
from core.rejections import Rejection
from core.restatement import rebuild, timeline
from tests.golden.histories import FOLDER, in_words, read

FILES = sorted(FOLDER.glob("*.jsonl"))


@pytest.mark.parametrize("path", FILES, ids=lambda path: path.stem)
def test_a_recorded_history_still_leads_to_its_state(path: Path) -> None:
    recorded, state = read(path)
    bodies = [bytes.fromhex(each.body) for each in recorded]
    events = [msgspec.msgpack.decode(body, type=Event) for body in bodies]
    assert [each.seq for each in recorded] == list(range(1, len(events) + 1))
    assert [each.kind for each in recorded] == [kind_of(event) for event in events]
    account = replay(events)
    assert account is not None
    assert in_words(account) == state


@pytest.mark.parametrize("path", FILES, ids=lambda path: path.stem)
def test_deciding_the_recorded_facts_anew_leads_to_the_same_state(path: Path) -> None:
    # A reversal does this: were today's decisions other than the recorded ones, it would book that difference as well.
    recorded, state = read(path)
    events = {each.seq: msgspec.msgpack.decode(bytes.fromhex(each.body), type=Event) for each in recorded}
    rebuilt = rebuild([entry for entry in timeline(list(events.items())) if entry.seq], events[len(events)].on)
    assert not isinstance(rebuilt, Rejection)
    # What precedes the loans is never decided anew.
    assert in_words(rebuilt[0]) | {"file": state["file"]} == state


@pytest.mark.parametrize("path", FILES, ids=lambda path: path.stem)
def test_an_event_is_stored_as_it_always_was(path: Path) -> None:
    for each in read(path)[0]:
        event = msgspec.msgpack.decode(bytes.fromhex(each.body), type=Event)
        assert msgspec.msgpack.encode(event).hex() == each.body


def test_every_kind_of_event_is_recorded() -> None:
    recorded = {each.kind for path in FILES for each in read(path)[0]}
    assert recorded == {kind.__struct_config__.tag for kind in get_args(Event)}
