"""Batch: many meeting requests at once, each accepted or rejected by itself.

read_json_items   a JSON value -> the items of a batch
read_csv_items    a CSV file -> the same
batch.Batch       accepts them; not imported here, because the command line reads files without the app's storage
"""

from shared.use_cases.batch.csv_rows import COLUMNS, read_csv_items
from shared.use_cases.batch.items import MOST_ITEMS, BatchItem, read_json_items

__all__ = ["COLUMNS", "MOST_ITEMS", "BatchItem", "read_csv_items", "read_json_items"]
