"""Structured logs: one event per line, JSON or for a console.

started · ready · stopped · refused to open · slow query (with its plan) · internal error (with its trace)
request, one per answer, at level DEBUG
"""

from __future__ import annotations

import logging
import sys
from typing import Any

import structlog

from tamis.server.query.search import Found
from tamis.server.route import Route

__all__ = ["Logs"]

_LEG = (
    "rows",
    "matches",
    "limit",
    "strategy",
    "reason",
    "beam",
    "distances",
    "expansions",
    "rows_scanned",
    "abandoned",
)


class Logs:
    """Where a node writes what happened. level: a name of `logging`; format: json | console."""

    def __init__(self, level: str, format: str, slow_seconds: float) -> None:
        renderer: Any = (
            structlog.processors.JSONRenderer()
            if format == "json"
            else structlog.dev.ConsoleRenderer(colors=sys.stderr.isatty())
        )
        number = logging.getLevelNamesMapping()[level]
        self._logger = structlog.wrap_logger(
            structlog.WriteLogger(sys.stderr),
            processors=[
                structlog.processors.add_log_level,
                structlog.processors.TimeStamper(fmt="iso", utc=True),
                structlog.processors.format_exc_info,
                renderer,
            ],
            wrapper_class=structlog.make_filtering_bound_logger(number),
        )
        self._debug = number <= logging.DEBUG
        self._slow_seconds = slow_seconds

    def event(self, name: str, **fields: Any) -> None:
        """Something an operator may want to know."""
        self._logger.info(name, **fields)

    def trouble(self, name: str, **fields: Any) -> None:
        """Something an operator has to look at."""
        self._logger.error(name, **fields)

    def request(self, endpoint: str, status: int, seconds: float) -> None:
        """One answer."""
        if self._debug:
            self._logger.debug("request", endpoint=endpoint, status=status, ms=round(seconds * 1e3, 3))

    def failed(self, endpoint: str, error: Exception) -> None:
        """An error that is ours."""
        self._logger.error("internal error", endpoint=endpoint, exc_info=error)

    def round_failed(self, task: str, error: Exception) -> None:
        """A round of a cluster's housekeeping; it is tried again."""
        self._logger.warning("housekeeping failed", round=task, error=f"{type(error).__name__}: {error}")

    def slow(self, route: Route, seconds: float, found: Found) -> None:
        """A search, with its plan if it took long."""
        if seconds < self._slow_seconds:
            return
        plan = [{name: getattr(leg, name) for name in _LEG} for leg in found.legs]
        self._logger.warning(
            "slow query",
            endpoint=route.name,
            ms=round(seconds * 1e3, 3),
            engine_ms=round(found.seconds * 1e3, 3),
            together=found.together,
            hits=len(found.places),
            plan=plan,
        )
