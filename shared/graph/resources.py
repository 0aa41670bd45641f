"""What Graph answers, as far as it is used: the one place where its answers are checked."""

from typing import Annotated, Any

from pydantic import BaseModel, ConfigDict, ValidationError, ValidatorFunctionWrapHandler, WrapValidator
from pydantic.alias_generators import to_camel

from shared.errors import UnavailableError


def _valid_or_none(value: Any, validate: ValidatorFunctionWrapHandler) -> Any:
    try:
        return validate(value)
    except ValidationError:
        return None


# A member that only informs: a value of another type counts as missing, so that it fails no call.
type Lenient[T] = Annotated[T | None, WrapValidator(_valid_or_none)]


class GraphResource(BaseModel):
    """A part of Graph's answer: what we use is checked, what we do not know is let through."""

    model_config = ConfigDict(frozen=True, extra="ignore", alias_generator=to_camel)


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
