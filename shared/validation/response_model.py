"""The rules for every object of an answer, and the types that answers share."""

from dataclasses import dataclass
from datetime import UTC, datetime
from typing import Annotated, Any

from pydantic import BaseModel, ConfigDict, Field, GetJsonSchemaHandler, PlainSerializer
from pydantic.alias_generators import to_camel
from pydantic_core import CoreSchema


class ResponseModel(BaseModel, frozen=True):
    """An object of an answer, from which the OpenAPI documents describe it.

    A member without a default is always present. One with a default is left out while it has that value (`left_out`).
    Names are in camel case; `XResponse` is described as `X`, with the texts of the class's docstring.
    """

    model_config = ConfigDict(
        alias_generator=to_camel,
        # The first answer of its kind builds the model, not the app's start.
        defer_build=True,
        # An object of the app that has the same names is read as it is.
        from_attributes=True,
        populate_by_name=True,
    )

    def as_json(self) -> dict[str, Any]:
        """Return the object as JSON."""
        return self.model_dump(mode="json", by_alias=True)


def left_out(default: Any = None) -> Any:
    """Return the default of a member that is left out of the answer while it has this value."""
    return Field(default=default, exclude_if=lambda value: value == default)


def timestamp(moment: datetime) -> str:
    """Return a moment as RFC 3339 in UTC, whole seconds."""
    return moment.astimezone(UTC).strftime("%Y-%m-%dT%H:%M:%SZ")


@dataclass(frozen=True, slots=True)
class DescribedAs:
    """Names the schema of a value that is stored as JSON, such as a request."""

    component: str

    def __get_pydantic_json_schema__(self, _schema: CoreSchema, _handler: GetJsonSchemaHandler) -> dict[str, Any]:
        return {"type": "object", "x-component": self.component}


Moment = Annotated[
    datetime, PlainSerializer(timestamp, return_type=str), Field(json_schema_extra={"format": "date-time"})
]
# With the offset of a zone, as `datetime.isoformat` writes it.
LocalMoment = Annotated[str, Field(json_schema_extra={"format": "date-time"})]
Uuid = Annotated[str, Field(json_schema_extra={"format": "uuid"})]
Uri = Annotated[str, Field(json_schema_extra={"format": "uri"})]
