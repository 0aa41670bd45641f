"""A request during validation: the document, and the places of the faults found so far."""

from collections.abc import Iterable
from typing import Any, cast

from pydantic import BaseModel

from shared.validation.findings import Finding, JsonPath


class Draft:
    """Gives checks across several fields the values that are valid in themselves, whatever else is wrong."""

    def __init__(self, document: dict[str, Any], findings: Iterable[Finding]) -> None:
        self.document = document
        self._faulty = [finding.location for finding in findings]

    def value(self, *path: str) -> Any:
        """Return the JSON value at `path`, None if it is absent or something at, in or around it is wrong."""
        if any(_overlap(location, path) for location in self._faulty):
            return None
        return self.given(*path)

    def model[M: BaseModel](self, model: type[M], *path: str) -> M | None:
        """Return the value at `path` as a model, None under the same conditions as `value`."""
        value = self.value(*path)
        return None if value is None else model.model_validate(value)

    def given(self, *path: str) -> Any:
        """Return the JSON value at `path`, valid or not, None if it is absent."""
        value: Any = self.document
        for name in path:
            value = cast("dict[str, Any]", value).get(name) if isinstance(value, dict) else None
        return value


def _overlap(faulty: JsonPath, path: tuple[str, ...]) -> bool:
    shorter = min(len(faulty), len(path))
    return faulty[:shorter] == path[:shorter]
