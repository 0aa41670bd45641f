"""What is wrong and where: from pydantic's errors to the faults that the caller reads."""

from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass
from itertools import accumulate, islice
from typing import Any, cast

from pydantic import BaseModel, ValidationError
from pydantic_core import ErrorDetails, PydanticCustomError

from shared.errors import MOST_FAULTS, Fault, InvalidRequestError

type JsonPath = tuple[str | int, ...]
# Returns code and predicate for a field that is not allowed in its place. The arguments are the field's name, and the
# name of the member that has the enclosing object, or the list of it.
type Explain = Callable[[str, str], tuple[str, str]]

QUOTED_LENGTH = 60
_POINTED_LENGTH = 100


@dataclass(frozen=True, slots=True)
class Finding:
    """A fault whose place is still a path; `message` is a predicate, whose subject is the field's name."""

    location: JsonPath
    code: str
    message: str

    def as_fault(self) -> Fault:
        """Return the fault as the caller reads it."""
        end = "" if self.message.endswith("?") else "."
        return Fault(pointer_to(self.location), self.code, f"{_subject(self.location)} {self.message}{end}")


def invalid(code: str, message: str) -> PydanticCustomError:
    """Return the error that a validator raises.

    Args:
        code: the fault's stable name.
        message: a predicate such as `must be short`, whose subject is the field's name.
    """
    # The message is a value of a template, because it may quote braces from the request.
    return PydanticCustomError(cast("Any", code), "{message}", {"message": message})


def quoted(value: str) -> str:
    """Return a caller's text as a message quotes it: short even with its escapes, and printable."""
    start = value[:QUOTED_LENGTH]
    sizes = accumulate(len(repr(character)) - len("''") for character in start)
    kept = "".join(character for character, size in zip(start, sizes, strict=True) if size <= QUOTED_LENGTH)
    return repr(value if kept == value else f"{kept}...")


def pointer_to(location: JsonPath) -> str:
    """Return the JSON pointer (https://www.rfc-editor.org/rfc/rfc6901) of a path; long names are cut."""
    return "".join("/" + str(part)[:_POINTED_LENGTH].replace("~", "~0").replace("/", "~1") for part in location)


def unknown_field(_name: str, _parent: str) -> tuple[str, str]:
    """Explain an unknown field."""
    return "unknownField", "is not a field here"


def findings_of(error: ValidationError, whole: str, explain: Explain = unknown_field) -> list[Finding]:
    """Translate pydantic's errors: all of them, or the first `MOST_FAULTS` and one more.

    Args:
        error: pydantic's errors.
        whole: the name of the document, such as a request's kind, for `explain` to name as the parent.
        explain: returns why a field is not allowed in its place.
    """
    details = filter(_is_meant, error.errors(include_url=False))
    return [_finding(detail, whole, explain) for detail in islice(details, MOST_FAULTS + 1)]


def examine[M: BaseModel](
    model: type[M], document: dict[str, Any], whole: str, explain: Explain = unknown_field
) -> tuple[M | None, list[Finding]]:
    """Return a document as a model, None if it is invalid, and the findings of `findings_of`."""
    try:
        return model.model_validate(document), []
    except ValidationError as error:
        return None, findings_of(error, whole, explain)


def has_room(findings: Sequence[Finding]) -> bool:
    """Return whether an answer has room for more findings; if not, validation can stop."""
    return len(findings) <= MOST_FAULTS


def in_document_order(findings: Iterable[Finding], document: Any) -> list[Fault]:
    """Return each finding as a fault, in document order; a missing member comes last in its object."""
    positions: dict[int, dict[str, int]] = {}

    def rank(finding: Finding) -> list[int]:
        value = document
        ranks: list[int] = []
        for part in finding.location:
            if isinstance(part, int):
                ranks.append(part)
                value = cast("list[Any]", value)[part]
            else:
                members = cast("dict[str, Any]", value)
                if id(members) not in positions:
                    positions[id(members)] = {name: index for index, name in enumerate(members)}
                ranks.append(positions[id(members)].get(part, len(members)))
                value = members.get(part)
        return ranks

    unique = dict.fromkeys(findings)
    return [finding.as_fault() for finding in sorted(unique, key=rank)]


def _subject(location: JsonPath) -> str:
    if not location:
        return "The request"
    *parents, last = location
    if isinstance(last, int):
        return f"{parents[-1] if parents else ''}[{last}]"
    return last if len(last) <= QUOTED_LENGTH and last.isidentifier() else quoted(last)


def _is_meant(detail: ErrorDetails) -> bool:
    # Pydantic counts valid items, so it reports a list of one invalid item as empty.
    return detail["type"] != "too_short" or not detail["input"]


def _finding(detail: ErrorDetails, whole: str, explain: Explain) -> Finding:
    location = detail["loc"]
    context: Mapping[str, Any] = detail.get("ctx", {})
    if detail["type"] == "extra_forbidden":
        parents = [part for part in location[:-1] if isinstance(part, str)]
        code, message = explain(str(location[-1]), parents[-1] if parents else whole)
        return Finding(location, code, message)
    if detail["type"] in _TRANSLATIONS:
        code, say = _TRANSLATIONS[detail["type"]]
        return Finding(location, code, say(context, detail["input"]))
    if "message" in context:
        return Finding(location, detail["type"], str(context["message"]))
    return Finding(location, "invalid", "is not acceptable")


def shown(value: Any) -> str:
    """Return a JSON value as a sentence shows it: a scalar by its value, anything else by its type."""
    match value:
        case bool():
            return str(value).lower()
        case str():
            return quoted(value)
        case int() | float():
            return f"the number {value}"
        case dict():
            return "an object"
        case list():
            return "a list"
        case _:
            return "null"


def require_object(value: Any, name: str) -> dict[str, Any]:
    """Return a JSON value that is an object; `name` says what it should be, such as `patch`.

    Raises:
        InvalidRequestError: it is not an object.
    """
    if not isinstance(value, dict):
        raise InvalidRequestError([Fault("", "wrongType", f"The {name} must be a JSON object, not {shown(value)}.")])
    return cast("dict[str, Any]", value)


def _must_be(what: str) -> Callable[[Mapping[str, Any], Any], str]:
    return lambda _, value: f"must be {what}, not {shown(value)}"


def _one_of(context: Mapping[str, Any], value: Any) -> str:
    names: Sequence[str] = str(context["expected"]).replace(" or ", ", ").replace("'", "").split(", ")
    allowed = f"must be one of {', '.join(names)}" if len(names) > 1 else f"can only be {names[0]}"
    return f"{allowed}, not {shown(value)}"


def _bounded(bound: str, limit: str) -> Callable[[Mapping[str, Any], Any], str]:
    return lambda context, value: f"must be at {bound} {context[limit]:g}, not {value}"


_TRANSLATIONS: Mapping[str, tuple[str, Callable[[Mapping[str, Any], Any], str]]] = {
    "missing": ("required", lambda _, __: "is required"),
    "bool_type": ("wrongType", _must_be("true or false")),
    "dict_type": ("wrongType", _must_be("an object")),
    "float_type": ("wrongType", _must_be("a number")),
    "finite_number": ("wrongType", lambda _, __: "must be a finite number"),
    "int_type": ("wrongType", _must_be("a whole number")),
    "string_type": ("wrongType", _must_be("a string")),
    "tuple_type": ("wrongType", _must_be("a list")),
    "literal_error": ("notOneOf", _one_of),
    "greater_than_equal": ("outOfRange", _bounded("least", "ge")),
    "less_than_equal": ("outOfRange", _bounded("most", "le")),
    "string_too_long": (
        "tooLong",
        lambda context, value: f"has {len(value)} characters, at most {context['max_length']} are allowed",
    ),
    "string_too_short": ("blank", lambda _, __: "must not be empty"),
    "too_short": ("required", lambda _, __: "must not be an empty list"),
}
