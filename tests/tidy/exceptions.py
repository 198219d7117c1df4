"""What is larger than the house allows, with its size today. This list may only shrink.

A size is the allowed maximum. If the thing gets smaller, lower the number; if it fits again, remove the line: the tests
insist on both. Do not raise a number or add a line; split the thing.
"""

__all__ = ["LINES_OF_FUNCTION", "LINES_OF_MODULE", "PARAMETERS"]

LINES_OF_MODULE: dict[str, int] = {}
LINES_OF_FUNCTION: dict[str, int] = {}
PARAMETERS: dict[str, int] = {}
