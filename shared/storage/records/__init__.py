"""Records in a table, and the rows that lead to them.

A record lives in the partition of its id's first digit: one row for the record, and beside it one empty row for each
way to find it. The record names those rows, and Azure Tables writes the rows of a partition together or not at all, so
record and search rows never disagree. A search asks all sixteen partitions side by side.

A transaction takes three times the processor time of a single write. So wake-up rows, which only make a timer look at
the record, keep a weaker promise: while something is to be done there is one, at the moment of it or earlier. A step
that would only move one leaves it where it is, and one that only ends one deletes it after the record, by itself. A row
that a death leaves behind is not named by its record, and `led_to` deletes it.

Row keys:
    <kind>.<id>        the record
    <index>.<id>       a row that leads to it; what `index` may be is its owner's business

Everything in a table may be damaged: by hand, by another version of this app, by a restored copy. A record that cannot
be read raises UnreadableRecordError where it is asked for by its id, and is logged and left out of every list.
"""

from shared.storage.records.index import PARTITIONS, IndexRow, key_moment
from shared.storage.records.kind import RecordKind
from shared.storage.records.store import RecordStore

__all__ = ["PARTITIONS", "IndexRow", "RecordKind", "RecordStore", "key_moment"]
