"""Bounds on the number of items of a list, checked before any item."""

from dataclasses import dataclass
from typing import Any

from pydantic import GetCoreSchemaHandler, GetJsonSchemaHandler
from pydantic.json_schema import JsonSchemaValue
from pydantic_core import CoreSchema, core_schema

from shared.validation.findings import invalid


@dataclass(frozen=True, slots=True)
class ItemCount:
    """Refuses a list with more or fewer items, valid or not: pydantic's own `max_length` counts only valid ones."""

    most: int
    least: int = 0

    def __get_pydantic_core_schema__(self, source: Any, handler: GetCoreSchemaHandler) -> CoreSchema:
        return core_schema.no_info_before_validator_function(self._check, handler(source))

    def __get_pydantic_json_schema__(self, schema: CoreSchema, handler: GetJsonSchemaHandler) -> JsonSchemaValue:
        return handler(schema) | ({"minItems": self.least} if self.least else {}) | {"maxItems": self.most}

    def _check(self, value: Any) -> Any:
        if isinstance(value, list) and len(value) > self.most:
            raise invalid("tooMany", f"has more than {self.most} items")
        if isinstance(value, list) and len(value) < self.least:
            items = "item" if self.least == 1 else "items"
            raise invalid("tooFew", f"must have at least {self.least} {items}, not {len(value)}")
        return value
