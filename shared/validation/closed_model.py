"""The rules for every object of a request."""

from typing import Any, cast

from pydantic import BaseModel, ConfigDict, model_validator
from pydantic.alias_generators import to_camel

from shared.validation.findings import invalid, shown


class ClosedModel(BaseModel):
    """An object with Graph's names, which refuses unknown members, converts no types and is immutable."""

    model_config = ConfigDict(
        alias_generator=to_camel,
        allow_inf_nan=False,
        extra="forbid",
        frozen=True,
        hide_input_in_errors=True,
        strict=True,
    )

    @model_validator(mode="before")
    @classmethod
    def _take_null_as_absent(cls, data: Any) -> Any:
        # Graph writes null for members without a value, so a copied body has them.
        if isinstance(data, cls):
            return data
        if not isinstance(data, dict):
            raise invalid("wrongType", f"must be an object such as {cls._shape()}, not {shown(data)}")
        members = cast("dict[str, Any]", data)
        nulls = {name for name, value in members.items() if value is None}
        if not nulls:
            return members
        nulls &= {field.alias for field in cls.model_fields.values()}
        return {name: value for name, value in members.items() if name not in nulls}

    @classmethod
    def _shape(cls) -> str:
        """Return the object for a message: its required members, or the first one if none is required."""
        names = [field.alias for field in cls.model_fields.values() if field.is_required()]
        names = names or [field.alias for field in cls.model_fields.values()][:1]
        return "{" + ", ".join(f'"{name}": ...' for name in names) + "}"
