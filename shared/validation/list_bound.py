"""Bounds on the number of items of a list, checked before any item."""

from dataclasses import dataclass
from typing import Any

from pydantic import GetCoreSchemaHandler, GetJsonSchemaHandler
from pydantic.json_schema import JsonSchemaValue
from pydantic_core import CoreSchema, core_schema

from shared.validation.findings import invalid


@dataclass(frozen=True, slots=True)
class AtMost:
    """Refuses a list of more items, whatever they are: pydantic's own `max_length` counts those that are valid."""

    items: int

    def __get_pydantic_core_schema__(self, source: Any, handler: GetCoreSchemaHandler) -> CoreSchema:
        return core_schema.no_info_before_validator_function(self._check, handler(source))

    def __get_pydantic_json_schema__(self, schema: CoreSchema, handler: GetJsonSchemaHandler) -> JsonSchemaValue:
        return handler(schema) | {"maxItems": self.items}

    def _check(self, value: Any) -> Any:
        if isinstance(value, list) and len(value) > self.items:
            raise invalid("tooMany", f"has more than {self.items} items")
        return value


@dataclass(frozen=True, slots=True)
class AtLeast:
    """Refuses a list of fewer items, whatever they are."""

    items: int

    def __get_pydantic_core_schema__(self, source: Any, handler: GetCoreSchemaHandler) -> CoreSchema:
        return core_schema.no_info_before_validator_function(self._check, handler(source))

    def __get_pydantic_json_schema__(self, schema: CoreSchema, handler: GetJsonSchemaHandler) -> JsonSchemaValue:
        return handler(schema) | {"minItems": self.items}

    def _check(self, value: Any) -> Any:
        if isinstance(value, list) and len(value) < self.items:
            raise invalid(
                "tooFew", f"must have at least {self.items} {'item' if self.items == 1 else 'items'}, not {len(value)}"
            )
        return value
