"""A record as a row: its JSON, split into text properties."""

from pydantic import ValidationError

from shared.errors import UnreadableRecordError
from shared.storage.records.index import id_of
from shared.storage.records.kind import RecordKind, Stored
from shared.storage.tables import LARGEST_ENTITY, Row

# A text property holds 64 KiB of UTF-16, in which a character takes two bytes or four:
# https://learn.microsoft.com/rest/api/storageservices/understanding-the-table-service-data-model
_CHUNK = 16_000
# An entity holds 1 MiB; the rest is for the index keys, the labels and the names of the properties.
_LARGEST_DOCUMENT = LARGEST_ENTITY - 64 * 1024
_MOST_FAULTS = 3


class RecordRows[T: Stored]:
    """Converts records of a kind to rows and back."""

    def __init__(self, kind: RecordKind[T]) -> None:
        self._kind = kind

    def key(self, record_id: str) -> str:
        """Return the key of a record's row."""
        return f"{self._kind.name}.{record_id}"

    def fitted(self, record: T) -> tuple[T, str]:
        """Return a record, trimmed if it does not fit, and its JSON text.

        Raises:
            RequestTooLargeError: it does not fit.
        """
        document = _document(record)
        if _fits(document):
            return record, document
        record = self._kind.trimmed(record, lambda trimmed: _fits(_document(trimmed)))
        return record, _document(record)

    def row(self, record: T, document: str, keys: frozenset[str]) -> Row:
        """Return the row of a record.

        Args:
            record: the record; the row gets its etag.
            document: its JSON text.
            keys: the keys of the rows that lead to it.
        """
        chunks = [document[start : start + _CHUNK] for start in range(0, len(document), _CHUNK)]
        values: dict[str, str | int] = {
            **self._kind.labels(record),
            "indexKeys": " ".join(sorted(keys)),
            "documents": len(chunks),
        }
        values |= {f"document{number}": chunk for number, chunk in enumerate(chunks)}
        return Row(self.key(record.id), values, record.etag)

    def record(self, row: Row) -> T:
        """Return the record that a row holds.

        Raises:
            UnreadableRecordError: it does not hold a record of this kind.
            RecordNotFoundError: from the kind's `parse`, for a row that replaces a record.
        """
        try:
            document = "".join(str(row.values[f"document{n}"]) for n in range(int(row.values["documents"])))
            keys = frozenset(str(row.values["indexKeys"]).split())
            record = self._kind.parse(document)
        except (KeyError, TypeError, ValueError) as error:  # pydantic's is a ValueError, and quotes the record
            raise UnreadableRecordError(id_of(row.key), _fault_of(error)) from None
        if record.id != id_of(row.key):
            raise UnreadableRecordError(id_of(row.key), "it has the id of another record")
        return record.changed(etag=row.etag, index_keys=keys)


def _document(record: Stored) -> str:
    return record.model_dump_json(by_alias=True, exclude_defaults=True)


def _fits(document: str) -> bool:
    return len(document.encode("utf-16-le", "surrogatepass")) <= _LARGEST_DOCUMENT


def _fault_of(error: Exception) -> str:
    """Return what is wrong with a row, without a word of what it holds."""
    match error:
        case ValidationError():
            faults = error.errors(include_url=False, include_context=False, include_input=False)
            return ", ".join(f"{'.'.join(map(str, fault['loc']))}: {fault['type']}" for fault in faults[:_MOST_FAULTS])
        case KeyError():
            return f"it has no property {error}"
        case _:
            return f"a property has the wrong type ({type(error).__name__})"
