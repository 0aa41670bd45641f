"""The names of models' members, and the one that a misspelled name means."""

from collections.abc import Iterable, Iterator
from difflib import get_close_matches
from functools import cache
from typing import Any, get_args

from pydantic import BaseModel

_LONGEST_NAME = 40
_ALIKE = 0.8


def closest(name: str, known: Iterable[str]) -> str | None:
    """Return the known name that `name` is a misspelling of."""
    if len(name) > _LONGEST_NAME:
        return None
    by_spelling = {_spelling(each): each for each in known}
    matches = get_close_matches(_spelling(name), by_spelling, n=1, cutoff=_ALIKE)
    return by_spelling[matches[0]] if matches else None


def _spelling(name: str) -> str:
    return "".join(filter(str.isalnum, name.casefold()))


def field_names(model: type[BaseModel]) -> frozenset[str]:
    """Return the names of a model's members in JSON."""
    return frozenset(field.alias or name for name, field in model.model_fields.items())


@cache
def names_inside(model: type[BaseModel], whole: str) -> dict[str, frozenset[str]]:
    """Return the member names of each object in a model, by the name of the member that has the object, or its list.

    Args:
        model: the outermost object.
        whole: its name.
    """
    names = {whole: field_names(model)}
    seen = {model}
    waiting = [model]
    for each in waiting:
        for name, field in each.model_fields.items():
            for held in _models_in(field.annotation):
                member = field.alias or name
                names[member] = names.get(member, frozenset()) | field_names(held)
                if held not in seen:
                    seen.add(held)
                    waiting.append(held)
    return names


def _models_in(annotation: Any) -> Iterator[type[BaseModel]]:
    if isinstance(annotation, type) and issubclass(annotation, BaseModel):
        yield annotation
    value = getattr(annotation, "__value__", None)  # of a type alias
    for part in (value,) if value is not None else get_args(annotation):
        yield from _models_in(part)
