"""What is larger than the house allows, with its size today. This list may only shrink.

A size is the allowed maximum. If the thing gets smaller, lower the number; if it fits again, remove the line: the tests
insist on both. Do not raise a number or add a line; split the thing.
"""

__all__ = ["FILES_OF_FOLDER", "LINES_OF_FUNCTION", "LINES_OF_MODULE", "PARAMETERS"]

FILES_OF_FOLDER: dict[str, int] = {}
LINES_OF_MODULE: dict[str, int] = {}
LINES_OF_FUNCTION: dict[str, int] = {}
PARAMETERS: dict[str, int] = {
    # The public API: keyword arguments by the names that users of vector databases know.
    "apps/people/people.py::People.suggest": 13,
    "src/tamis/embedded/reading.py::Reading.explain": 7,
    "src/tamis/embedded/reading.py::Reading.scroll": 6,
    "src/tamis/embedded/reading.py::Reading.search": 9,
    "src/tamis/embedded/reading.py::Reading.search_batch": 7,
    "src/tamis/embedded/writing.py::Writing.upsert": 6,
    # Inside.
    "src/tamis/segment/vectors/dense.py::build_dense": 7,
}
