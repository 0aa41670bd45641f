"""The names of the members that a model has, and that those below it have."""

from collections.abc import Iterator
from typing import Any, get_args

from pydantic import BaseModel


def field_names(model: type[BaseModel]) -> frozenset[str]:
    """Return the names of a model's members as they stand in JSON."""
    return frozenset(field.alias or name for name, field in model.model_fields.items())


def fields_below(model: type[BaseModel]) -> frozenset[str]:
    """Return the names of a model's members, and of those of every model that they hold."""
    seen = {model}
    waiting = [model]
    for each in waiting:
        held = {held for field in each.model_fields.values() for held in _models_in(field.annotation)} - seen
        seen |= held
        waiting.extend(held)
    return frozenset().union(*(field_names(each) for each in seen))


def _models_in(annotation: Any) -> Iterator[type[BaseModel]]:
    if isinstance(annotation, type) and issubclass(annotation, BaseModel):
        yield annotation
    value = getattr(annotation, "__value__", None)  # of a type alias
    for part in (value,) if value is not None else get_args(annotation):
        yield from _models_in(part)
