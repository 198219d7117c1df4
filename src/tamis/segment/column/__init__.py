"""Payload as columns: what turns a filter into a mask without reading JSON.

    payloads → flatten → LiveTable (head, overlay) ─┐
                          open_table (sealed)  ─────┴→ build_table → arrays of a sealed table

    live = LiveTable(indexes); live.append([{...}, ...]); table = live.view(count)
    meta, arrays = build_table([TablePart(table, source, target), ...], rows, indexes)
    table = open_table(meta, arrays)
    live.reindex(indexes)                     # an index was created or dropped; sealed tables need nothing

One writer appends to a LiveTable; views are immutable and read without locks. A sealed table is zero-copy over its
arrays.
"""

from tamis.segment.column.build import build_table
from tamis.segment.column.live_table import LiveTable
from tamis.segment.column.sealed_table import open_table
from tamis.segment.column.table import Table, TablePart

__all__ = ["LiveTable", "Table", "TablePart", "build_table", "open_table"]
