"""Records in a table, and the rows that lead to them.

A record is in the partition of its id's first digit: one row for the record, and beside it one empty row for each
way to find it. The record names those rows, and Azure Tables writes the rows of a partition together or not at all, so
record and search rows never disagree. A search reads all sixteen partitions in parallel.

A transaction takes three times the processor time of a single write. So wake-up rows, which only make a timer read the
record, have a weaker guarantee: while work is due there is one, at the due moment or earlier. A write that would only
move the row leaves it where it is; a write that only ends it deletes it separately, after the record. If the process
dies in between, the record does not name the row that remains, and `led_to` deletes it.

Row keys:
    <kind>.<id>        the record
    <index>.<id>       a row that leads to it; the owner of the records defines `index`

Any row may be damaged: by hand, by another version of this app, by a restored copy. A record that cannot be read raises
UnreadableRecordError when it is read by its id, and is logged and left out of every list.
"""

from shared.storage.records.index import PARTITIONS, IndexRow, key_moment
from shared.storage.records.kind import RecordKind
from shared.storage.records.store import RecordStore

__all__ = ["PARTITIONS", "IndexRow", "RecordKind", "RecordStore", "key_moment"]
