"""The base classes of records, and of the objects in them."""

from typing import Any, Self

from pydantic import BaseModel, ConfigDict, Field
from pydantic.alias_generators import to_camel


class _Frozen(BaseModel):
    model_config = ConfigDict(frozen=True)

    def changed(self, **update: Any) -> Self:
        """Return a copy with changed values, which are not validated."""
        return self.model_copy(update=update)


class RecordModel(_Frozen):
    """Frozen, with the contract's camelCase names in JSON."""

    model_config = ConfigDict(frozen=True, alias_generator=to_camel, populate_by_name=True)


class StoredRecord(_Frozen):
    """A record of a RecordStore.

    Attributes:
        id: a UUID in its canonical form.
        etag: of the record as it was read; not a part of it.
        index_keys: the keys of the rows that led to the record as it was read; not a part of it either.
    """

    id: str
    etag: str = Field(default="", exclude=True)
    index_keys: frozenset[str] = Field(default=frozenset(), exclude=True)
