"""Stored structs are arrays to save space; people and other systems get them with the names of their fields."""

from msgspec import Struct

from core.events import Entry, Event


def fields_of(event: Event) -> dict[str, object]:
    """Return what an event says beside its date, by the names of its fields."""
    return {name: named(getattr(event, name)) for name in event.__struct_fields__ if name != "on"}


def named(value: object) -> object:
    """Return an event (or a part of one) as mappings from field names; events within it say their kind."""
    if isinstance(value, Entry):
        event = value.event
        return {"seq": value.seq, "type": type(event).__name__, "on": event.on, "event": fields_of(event)}
    if isinstance(value, Struct) and value.__struct_config__.array_like:
        return {field: named(getattr(value, field)) for field in value.__struct_fields__}
    return [named(each) for each in value] if isinstance(value, tuple) else value
