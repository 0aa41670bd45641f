"""The parts of Graph's answers that the app uses: they are checked, bounded and repaired here."""

import json
import re
from typing import Annotated, Any

from pydantic import BaseModel, ConfigDict, Field, ValidationError, ValidatorFunctionWrapHandler, WrapValidator
from pydantic.alias_generators import to_camel

from shared.errors import UnavailableError

# Graph's ids and links have some hundred characters. What is longer is no id and no link, and is not stored.
LONGEST_STRING = 2048
# JSON can escape half of a surrogate pair, which no encoding can write: .NET cuts texts in the middle of an emoji.
_ESCAPED_SURROGATE = re.compile(rb"\\u[dD][89a-fA-F]")
_LONE_SURROGATE = re.compile("[\ud800-\udfff]")
_REPLACEMENT = "\ufffd"


def decode_answer(content: bytes) -> Any:
    """Return the JSON value of an answer, without characters that cannot be stored.

    Raises:
        ValueError: it is not JSON.
        RecursionError: it is nested too deep.
    """
    document = json.loads(content)
    return _repaired(document) if _ESCAPED_SURROGATE.search(content) else document


def quotable(text: str, longest: int = LONGEST_STRING) -> str:
    """Return a text of Graph's as it can be stored and passed on: cut, and without characters that cannot be."""
    return _LONE_SURROGATE.sub(_REPLACEMENT, text[:longest])


def _repaired(value: Any) -> Any:
    match value:
        case str():
            return _LONE_SURROGATE.sub(_REPLACEMENT, value)
        case dict():
            return {_repaired(name): _repaired(each) for name, each in value.items()}
        case list():
            return [_repaired(each) for each in value]
        case _:
            return value


def _valid_or_none(value: Any, validate: ValidatorFunctionWrapHandler) -> Any:
    try:
        return validate(value)
    except ValidationError:
        return None


# An empty id names nothing: an answer with one is invalid.
type GraphId = Annotated[str, Field(min_length=1)]
# A member that only informs: a value of another type, or a longer one, counts as missing, so that it fails no call.
type Lenient[T] = Annotated[T | None, WrapValidator(_valid_or_none)]


class GraphResource(BaseModel):
    """A part of Graph's answer: the members that we use are checked and bounded, others are ignored."""

    model_config = ConfigDict(frozen=True, extra="ignore", alias_generator=to_camel, str_max_length=LONGEST_STRING)


class Content(GraphResource):
    """A body, which only the bound of the whole answer limits (shared/graph/answer_stream.py)."""

    model_config = ConfigDict(str_max_length=None)

    content: Lenient[str] = None
    content_type: Lenient[str] = None


def parse_resource[T: GraphResource](model: type[T], answer: Any, *, uncertain: bool) -> T:
    """Return an answer as a model.

    Raises:
        UnavailableError: it is not; `uncertain` says whether the call may have taken effect.
    """
    try:
        return model.model_validate(answer)
    except ValidationError as error:
        raise UnavailableError(
            f"Graph's answer is not the {model.__name__} it should be", uncertain=uncertain
        ) from error
