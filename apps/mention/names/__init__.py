"""Finding the names of people in plain text, offline.

finder = NameFinder(known=["Ada Lovelace"])
for found in finder.find(text): found.text, found.start, found.end, found.offset
"""

from apps.mention.names.finder import TEXT_CHARS_MAX, Found, NameFinder, TextTooLong

__all__ = ["TEXT_CHARS_MAX", "Found", "NameFinder", "TextTooLong"]
