"""Faults on demand: rules that make the stand-in fail.

A rule selects requests, and decides what happens to them, before or after they take effect.
"""

import random
import re
from collections.abc import Sequence
from dataclasses import dataclass, field
from typing import Any, Final, Literal, cast

from local.graph.errors import GraphError, JsonObject
from local.graph.validation import DOUBLE, INT32, TEXT, Choice, Complex

Effect = Literal["status", "reset", "hang", "html200", "empty204", "truncated", "cut", "huge", "noLink", "foreignLink"]

# These change the true answer, so that they always come after the request took effect.
_AFTER_ONLY: Final = frozenset({"truncated", "cut", "noLink", "foreignLink"})
_NAMED: Final = frozenset({"reset", "html200", "empty204", "huge"}) | _AFTER_ONLY

_RULE: Final = Complex(
    "rule",
    {
        "method": TEXT,
        "path": TEXT,
        "user": TEXT,
        "probability": DOUBLE,
        "times": INT32,
        "skip": INT32,
        "when": Choice(("before", "after")),
    },
)
_ACTION: Final = Complex("action", {"status": INT32, "code": TEXT, "message": TEXT, "hang": DOUBLE, "retryAfter": TEXT})


@dataclass(frozen=True, slots=True)
class Action:
    """What happens to a request.

    Attributes:
        effect: the kind of fault; `status` answers with the members below.
        after: the request takes effect first.
        seconds: how long `hang` delays the normal answer.
    """

    effect: Effect
    after: bool
    status: int = 503
    headers: dict[str, str] = field(default_factory=dict)
    body: Any = None
    code: str = ""
    message: str = ""
    seconds: float = 0.0


@dataclass(slots=True)
class Rule:
    """A fault and the requests that it affects; every condition must hold."""

    source: JsonObject
    action: Action
    method: str | None = None
    path: re.Pattern[str] | None = None
    users: frozenset[str] | None = None
    probability: float = 1.0
    times: int | None = None
    skip: int = 0

    def matches(self, method: str, path: str, users: frozenset[str]) -> bool:
        """Return whether the rule selects a request."""
        return (
            (self.method is None or self.method == method)
            and (self.path is None or self.path.search(path) is not None)
            and (self.users is None or not self.users.isdisjoint(users))
        )


def read_rule(source: Any) -> Rule:
    """Read a rule from the control API.

    Raises:
        GraphError: it is invalid.
    """
    if not isinstance(source, dict) or "action" not in source:
        raise GraphError(400, "badRule", "A rule is an object with an action.")
    rule = cast("JsonObject", source)
    fields: JsonObject = _RULE.read({name: rule[name] for name in rule if name != "action"}, "badRule")
    action = _read_action(rule["action"], after=fields.get("when") == "after")
    try:
        path = re.compile(fields["path"]) if "path" in fields else None
    except re.error as error:
        raise GraphError(400, "badRule", f"The path is no regular expression: {error}.") from error
    return Rule(
        source=rule,
        action=action,
        method=fields["method"].upper() if "method" in fields else None,
        path=path,
        users=frozenset({fields["user"].lower()}) if "user" in fields else None,
        probability=float(fields.get("probability", 1.0)),
        times=fields.get("times"),
        skip=fields.get("skip", 0),
    )


def _read_action(source: Any, *, after: bool) -> Action:
    if isinstance(source, str):
        if source not in _NAMED:
            raise GraphError(400, "badRule", f"There is no action '{source}'.")
        return Action(cast("Effect", source), after=after or source in _AFTER_ONLY)
    if not isinstance(source, dict):
        raise GraphError(400, "badRule", "An action is a name or an object.")
    action = cast("JsonObject", source)
    plain: JsonObject = _ACTION.read(
        {name: action[name] for name in action if name not in {"headers", "body"}}, "badRule"
    )
    if "hang" in plain:
        return Action("hang", after=after, seconds=float(plain["hang"]))
    headers = {str(name): str(value) for name, value in (action.get("headers") or {}).items()}
    if "retryAfter" in plain:
        headers["Retry-After"] = plain["retryAfter"]
    return Action(
        "status",
        after=after,
        status=plain.get("status", 503),
        headers=headers,
        body=action.get("body"),
        code=plain.get("code", "UnknownError"),
        message=plain.get("message", ""),
    )


class Faults:
    """The rules in force, first match first."""

    def __init__(self, seed: int) -> None:
        self._seed = seed
        self._random = random.Random(seed)  # noqa: S311 - repeatable, not secret
        self._rules: list[Rule] = []

    def replace(self, rules: Sequence[Rule]) -> None:
        """Replace the rules, and reset the random generator."""
        self._rules = list(rules)
        self._random = random.Random(self._seed)  # noqa: S311

    def sources(self) -> list[JsonObject]:
        """Return the rules as they were given."""
        return [rule.source for rule in self._rules]

    def take(self, method: str, path: str, users: frozenset[str]) -> Action | None:
        """Return the fault of this request, if it has one, and count it."""
        for rule in self._rules:
            if rule.times == 0 or not rule.matches(method, path, users):
                continue
            if rule.skip > 0:
                rule.skip -= 1
                continue
            if rule.probability < 1.0 and self._random.random() >= rule.probability:
                continue
            if rule.times is not None:
                rule.times -= 1
            return rule.action
        return None
