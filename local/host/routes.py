"""ASP.NET Core route templates, which map paths to functions.

https://learn.microsoft.com/aspnet/core/fundamentals/routing#route-templates. A template's segments are literals,
`{name}`, `{name:constraint}`, `{name?}` and `{name=default}` (at the end), `{*rest}`, or literals and parameters
mixed, such as `{id}.ics`.
"""

import re
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import NamedTuple

from local.host.errors import FunctionError

_PARAMETER = re.compile(r"\{(?P<star>\*{0,2})(?P<name>[^{}*:=?]+)(?P<constraints>:[^{}=?]+)?(?P<end>\?|=[^{}]*)?\}")
_LITERAL, _BOUND, _FREE, _BOUND_REST, _REST = range(1, 6)  # RoutePrecedence: the lower, the earlier it is tried

_FORMS = {
    "int": r"-?\d{1,10}",
    "long": r"-?\d{1,19}",
    "bool": "(?i:true|false)",
    "alpha": "[A-Za-z]*",
    "guid": r"\{?[0-9A-Fa-f]{8}-?(?:[0-9A-Fa-f]{4}-?){3}[0-9A-Fa-f]{12}\}?",
    "decimal": r"-?\d+(?:\.\d+)?",
    "double": r"-?\d+(?:\.\d+)?(?:[eE][-+]?\d+)?",
    "float": r"-?\d+(?:\.\d+)?(?:[eE][-+]?\d+)?",
    "required": ".+",
}
_SIZES: Mapping[str, Callable[[str, list[int]], bool]] = {
    "length": lambda value, sizes: sizes[0] <= len(value) <= sizes[-1],
    "minlength": lambda value, sizes: len(value) >= sizes[0],
    "maxlength": lambda value, sizes: len(value) <= sizes[0],
    "min": lambda value, sizes: _number(value) is not None and int(value) >= sizes[0],
    "max": lambda value, sizes: _number(value) is not None and int(value) <= sizes[0],
    "range": lambda value, sizes: _number(value) is not None and sizes[0] <= int(value) <= sizes[-1],
}
_UNCHECKED = {"datetime", "file", "nonfile"}  # parsed, and assumed to hold


class _Parameter(NamedTuple):
    name: str
    default: str | None
    holds: tuple[Callable[[str], bool], ...]


@dataclass(frozen=True, slots=True)
class Route:
    """A compiled template.

    Attributes:
        template: as it was written.
        precedence: of two routes that match a path, the lower one wins.
    """

    template: str
    precedence: tuple[int, ...]
    _pattern: re.Pattern[str]
    _parameters: tuple[_Parameter, ...]

    def match(self, path: str) -> dict[str, str] | None:
        """Return the route values of a percent-decoded path without slashes at its ends, None when it differs."""
        if not (found := self._pattern.fullmatch(path)):
            return None
        values: dict[str, str] = {}
        for parameter, text in zip(self._parameters, found.groups(), strict=True):
            value = text or parameter.default
            if value is None:
                continue
            if text and not all(holds(text) for holds in parameter.holds):
                return None
            values[parameter.name] = value
        return values


def parse_route(template: str) -> Route:
    """Read a template.

    Raises:
        FunctionError: it is malformed.
    """
    pattern, precedence, parameters = "", list[int](), list[_Parameter]()
    for number, segment in enumerate(_segments(template)):
        found = list(_PARAMETER.finditer(segment))
        if set("{}") & set(_PARAMETER.sub("", segment)):
            raise FunctionError(f"the route '{template}' is malformed at '{segment}'")
        parameters += [_parameter(template, each) for each in found]
        slash = "/" if number else ""
        whole = found[0] if len(found) == 1 and found[0][0] == segment else None
        if whole is None:
            pattern += slash + _mixed(segment)
            precedence.append(_BOUND if found else _LITERAL)
        elif whole["star"]:
            pattern += f"(?:{slash}(.*))?"
            precedence.append(_BOUND_REST if whole["constraints"] else _REST)
        else:
            pattern += f"(?:{slash}([^/]+))?" if whole["end"] else f"{slash}([^/]+)"
            precedence.append(_BOUND if whole["constraints"] else _FREE)
    if len({parameter.name.lower() for parameter in parameters}) < len(parameters):
        raise FunctionError(f"the route '{template}' has two parameters of one name")
    return Route(template, tuple(precedence), re.compile(pattern, re.IGNORECASE), tuple(parameters))


def _segments(template: str) -> list[str]:
    stripped = template.strip("/")
    return stripped.split("/") if stripped else []


def _mixed(segment: str) -> str:
    """Return the pattern of a segment whose literal parts and parameters stand side by side."""
    pattern, end = "", 0
    for parameter in _PARAMETER.finditer(segment):
        pattern += re.escape(segment[end : parameter.start()]) + "([^/]+)"
        end = parameter.end()
    return pattern + re.escape(segment[end:])


def _parameter(template: str, found: re.Match[str]) -> _Parameter:
    end = found["end"] or ""
    constraints = (found["constraints"] or "").removeprefix(":").split(":") if found["constraints"] else []
    holds = tuple(_constraint(template, text) for text in constraints)
    return _Parameter(found["name"], end[1:] if end.startswith("=") else None, holds)


def _constraint(template: str, text: str) -> Callable[[str], bool]:
    name, _, argument = text.rstrip(")").partition("(")
    if form := _FORMS.get(name):
        return lambda value: re.fullmatch(form, value, re.ASCII) is not None
    if name == "regex":
        return lambda value: re.search(argument, value, re.IGNORECASE) is not None
    if check := _SIZES.get(name):
        sizes = [number for part in argument.split(",") if (number := _number(part.strip())) is not None]
        if sizes:
            return lambda value: check(value, sizes)
    if name in _UNCHECKED:
        return lambda _value: True
    raise FunctionError(f"the route '{template}' has an unknown constraint '{text}'")


def _number(text: str) -> int | None:
    return int(text) if re.fullmatch(r"-?\d{1,19}", text, re.ASCII) else None
