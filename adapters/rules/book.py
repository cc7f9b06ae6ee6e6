"""The lender's rule sets: which version decides on a date, and what it says of an application."""

from collections.abc import Iterable
from datetime import date
from hashlib import blake2b
from pathlib import Path
from typing import Any, Final

import msgspec
import zen
from msgspec import Struct

from adapters.rules.model import Index, Need, Rule, RulesError, needs_of, read_index, read_model, rules_of
from core.origination.file import Outcome, Verdict
from core.origination.product import PPB

MODELS: Final = Path(__file__).parent / "models"
"""The rule sets that ship with Tenor."""
HITS: Final = frozenset({"on_debtor_list", "sanctions_hit"})
"""Reasons that decline even while another source is silent."""
FAILED: Final = "rules_failed"
"""The model could not be evaluated."""
NO_VERSION: Final = "rules_missing"
"""No such rule set, or none of its versions is in effect."""
NOBODY_APPROVED: Final = "no_rule_approves"
"""No rule approved, referred or declined."""
ERROR_LENGTH_MAX: Final = 200
PATH_MAX: Final = 64


class Fired(Struct, frozen=True):
    """A rule that fired."""

    rule: str
    outcome: Outcome
    reason: str


class Grade(Struct, frozen=True):
    """The rule that graded the risk."""

    rule: str


class Answer(Struct, frozen=True):
    """What a model must answer."""

    fired: list[Fired]
    risk: Grade | None = None


class RuleBook:
    """All rule sets of a directory. A verdict depends on the arguments and on the files alone."""

    def __init__(self, directory: Path = MODELS) -> None:
        self._indexes = {path.parent.name: read_index(path) for path in sorted(directory.glob("*/index.toml"))}
        if not self._indexes:
            raise RulesError(f"{directory}: no rule set here; each is a directory with an index.toml")
        self._models = {
            _key(name, version.number): read_model(directory / name / f"{version.number}.json")
            for name, index in self._indexes.items()
            for version in index.versions
        }
        self._needs = {key: needs_of(model) for key, model in self._models.items()}
        # A static loader compiles each model once; a decision object would compile it again at each evaluation.
        self._engine = zen.ZenEngine({"loader": {"type": "static", "content": self._models}})

    def names(self) -> tuple[str, ...]:
        """Return the names of all rule sets."""
        return tuple(self._indexes)

    def index(self, rules_name: str) -> Index | None:
        """Return the versions of a rule set."""
        return self._indexes.get(rules_name)

    def rules(self, rules_name: str, version: int) -> list[Rule]:
        """Return the rules of a version, none if there is no such version."""
        model = self._models.get(_key(rules_name, version))
        return [] if model is None else list(rules_of(model))

    def assess(self, rules_name: str, inputs: dict[str, Any], on: date) -> Verdict:
        """Return what the version in effect says; refers when there is none."""
        index = self._indexes.get(rules_name)
        return self.evaluate(rules_name, index.in_effect(on) if index else 0, inputs)

    def challenge(self, rules_name: str, inputs: dict[str, Any], on: date, key: int) -> Verdict | None:
        """Return what the challenger says, if there is one and the key falls into its share."""
        index = self._indexes.get(rules_name)
        challenger = index.challenger if index else None
        if index is None or challenger is None or challenger.version == index.in_effect(on):
            return None
        if _lot(f"{rules_name}/{challenger.version}/{key}") >= challenger.share_ppb:
            return None
        return self.evaluate(rules_name, challenger.version, inputs)

    def evaluate(self, rules_name: str, version: int, inputs: dict[str, Any]) -> Verdict:
        """Return what one version says. Whatever goes wrong is referred: only a rule that fired can approve."""
        key = _key(rules_name, version)
        encoded = msgspec.json.encode(inputs, order="sorted")
        needs = self._needs.get(key)
        if needs is None:
            return Verdict(Outcome.REFER, (NO_VERSION,), rules_name, version, encoded, ())
        missing = _missing(inputs, needs)
        try:
            said = self._engine.evaluate(key, encoded)
            answer = msgspec.convert(said["result"], Answer)
        except (RuntimeError, ValueError) as error:  # msgspec's ValidationError is a ValueError
            path = (str(error).partition("\n")[0][:ERROR_LENGTH_MAX],)
            return Verdict(Outcome.REFER, (*missing, FAILED), rules_name, version, encoded, path)
        outcome, reasons = _concluded(answer.fired, missing)
        graded = (answer.risk.rule,) if answer.risk else ()
        path = (*graded, *(each.rule for each in answer.fired))[:PATH_MAX]
        return Verdict(outcome, reasons, rules_name, version, encoded, path)


def _concluded(fired: list[Fired], missing: tuple[str, ...]) -> tuple[Outcome, tuple[str, ...]]:
    """Return the gravest outcome and its reasons: a decline goes over a referral, a referral over an approval."""
    declined = _reasons(fired, Outcome.DECLINE)
    if declined and (not missing or HITS.intersection(declined)):
        return Outcome.DECLINE, declined
    referred = (*missing, *declined, *_reasons(fired, Outcome.REFER))
    if referred:
        return Outcome.REFER, referred
    approved = _reasons(fired, Outcome.APPROVE)
    return (Outcome.APPROVE, approved) if approved else (Outcome.REFER, (NOBODY_APPROVED,))


def _reasons(fired: Iterable[Fired], outcome: Outcome) -> tuple[str, ...]:
    return tuple(dict.fromkeys(each.reason for each in fired if each.outcome is outcome))


def _missing(inputs: dict[str, Any], needs: Iterable[Need]) -> tuple[str, ...]:
    """Return a reason for each part that is silent, whether it was named or is simply not there."""
    silent = dict.fromkeys(inputs.get("missing", ()))
    for path, kind in needs:
        found: Any = inputs
        try:
            for name in path:
                found = found[name]
        except (KeyError, TypeError):
            silent[path[0]] = None
        else:
            if kind is not None and type(found) is not kind:
                silent[path[0]] = None
    return tuple(f"{part}_missing" for part in silent)


def _lot(text: str) -> int:
    """Return a number below a billion that depends on the text alone."""
    return int.from_bytes(blake2b(text.encode(), digest_size=8).digest()) % PPB


def _key(rules_name: str, version: int) -> str:
    return f"{rules_name}/{version}"
