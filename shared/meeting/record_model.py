"""The rules that hold for every object of a record."""

from typing import Any, Self

from pydantic import BaseModel, ConfigDict
from pydantic.alias_generators import to_camel


class RecordModel(BaseModel):
    """Frozen, with the contract's camelCase names in JSON."""

    model_config = ConfigDict(frozen=True, alias_generator=to_camel, populate_by_name=True)

    def changed(self, **update: Any) -> Self:
        """Return a copy with other values; nothing is validated again."""
        return self.model_copy(update=update)
