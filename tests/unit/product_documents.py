"""A product document as people write it, and with one thing changed."""

from pathlib import Path

from adapters.catalogue.catalogue import SHIPPED

QUICK = (SHIPPED / "quick-loan.toml").read_text()


def written(directory: Path, text: str, name: str = "own.toml") -> Path:
    """Write a document; return where it is."""
    path = directory / name
    path.write_text(text)
    return path


def changed(old: str, new: str, text: str = QUICK) -> str:
    """Return a document with the first place changed that reads so."""
    assert text.count(old) >= 1, old
    return text.replace(old, new, 1)
