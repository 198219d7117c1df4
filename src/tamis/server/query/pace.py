"""How long searches take, by what they have in common: is one so short that the event loop can wait for it?

Nothing is known at first, and nothing is known again after collections or their configuration changed: then a search
runs on a thread, where compiling a kernel or opening a collection keeps nobody waiting. One that took long makes those
like it run there until they have been short for a while.
"""

from __future__ import annotations

from collections.abc import Hashable, Mapping

from tamis.server.query.search import Found, Search

__all__ = ["Pace"]

_SHORT_SECONDS = 0.001
_LIMIT_MAX = 128
_NEWEST = 1 / 8  # what the newest search counts in the average
_KNOWN_MAX = 1_024


class Pace:
    """Averages of seconds per search."""

    def __init__(self) -> None:
        self._seconds: dict[Hashable, float] = {}
        self._names: set[str] = set()

    def knows(self, path: Mapping[str, str]) -> bool:
        """Whether anything is known of the collection that a request is for, by the name it uses."""
        return path.get("name") in self._names

    def is_short(self, search: Search) -> bool:
        """Whether it will be answered in a moment."""
        query = search.query
        return (
            query.limit <= _LIMIT_MAX
            and search.diversity is None
            and not query.params.exact
            and self._seconds.get(_kind(search), 1.0) < _SHORT_SECONDS
        )

    def saw(self, path: Mapping[str, str], search: Search, found: Found) -> None:
        """One more."""
        if len(self._seconds) >= _KNOWN_MAX:
            self.forget()
        kind, seconds = _kind(search), found.seconds / found.together
        before = self._seconds.get(kind, seconds)
        self._seconds[kind] = before + (seconds - before) * _NEWEST
        self._names.add(path["name"])

    def forget(self) -> None:
        """What is known is of something else."""
        self._seconds.clear()
        self._names.clear()


def _kind(search: Search) -> Hashable:
    query = search.query
    return id(search.collection), query.using, query.filter is None, query.params
