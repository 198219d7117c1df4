"""Every bound in one place. They live in the code: changing one is a release, not a setting."""

from __future__ import annotations

__all__ = [
    "BATCH_POINTS_MAX",
    "COLLECTION_NAME_BYTES_MAX",
    "COLUMN_DISTINCT_BYTES_MAX",
    "COLUMN_DISTINCT_SHARE_MAX",
    "COLUMN_PATHS_MAX",
    "COLUMN_STRING_BYTES_MAX",
    "FILTER_CONDITIONS_MAX",
    "FILTER_DEPTH_MAX",
    "FROZEN_HEADS_MAX",
    "HEAD_BYTES_MAX",
    "HEAD_POINTS_MAX",
    "INTEGER_MAX",
    "INTEGER_MIN",
    "LIMIT_MAX",
    "LOG_TAIL_BYTES_MAX",
    "PATH_BYTES_MAX",
    "PAYLOAD_BYTES_MAX",
    "PAYLOAD_DEPTH_MAX",
    "POINT_NUMBER_MAX",
    "SEARCHES_MAX",
    "SEGMENT_POINTS_MAX",
    "SHARDS_MAX",
    "SNAPSHOT_HEADER_BYTES_MAX",
    "THREADS_MAX",
    "VECTOR_NAME_BYTES_MAX",
    "VECTOR_SIZE_MAX",
]

VECTOR_SIZE_MAX = 65_536  # dimensions
VECTOR_NAME_BYTES_MAX = 200
COLLECTION_NAME_BYTES_MAX = 255
POINT_NUMBER_MAX = 2**64 - 1

BATCH_POINTS_MAX = 1_000_000  # points in one write
SEARCHES_MAX = 10_000  # queries in one request
LIMIT_MAX = 1_000_000  # hits or records in one answer
THREADS_MAX = 1_024  # that one call may ask for

PAYLOAD_BYTES_MAX = 16 * 2**20  # one point, as JSON
PAYLOAD_DEPTH_MAX = 64
INTEGER_MIN = -(2**63)
INTEGER_MAX = 2**64 - 1  # JSON integers beyond are refused; an integer column holds up to 2**63 - 1

PATH_BYTES_MAX = 1_024
FILTER_DEPTH_MAX = 64
FILTER_CONDITIONS_MAX = 65_536

COLUMN_PATHS_MAX = 1_000  # scalar paths of one segment that become columns
COLUMN_STRING_BYTES_MAX = 512  # a longer string is found by reading the rows

COLUMN_DISTINCT_SHARE_MAX = 0.5  # above it, and above so many bytes a string on average, strings get no column
COLUMN_DISTINCT_BYTES_MAX = 128

SEGMENT_POINTS_MAX = 2_000_000
SHARDS_MAX = 1_000  # of one collection
SNAPSHOT_HEADER_BYTES_MAX = 64 * 2**20  # the schema with its metadata

# The head is scanned exactly: 20,000 rows of 128 dimensions are 10 MB, a millisecond of one core and about what
# deserves a graph. Sealing costs two synced files and a manifest whatever the size: smaller heads would seal too often.
HEAD_POINTS_MAX = 20_000
HEAD_BYTES_MAX = 64 * 2**20  # of vectors and payloads
FROZEN_HEADS_MAX = 4  # full heads that wait to be sealed; then writers wait
LOG_TAIL_BYTES_MAX = 64 * 2**20  # replayed at the next start, at worst
