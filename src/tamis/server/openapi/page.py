"""The page at /docs: one file that needs nothing else and reads the document at /openapi.json."""

from __future__ import annotations

from importlib.resources import files

__all__ = ["DOCS_PAGE"]

DOCS_PAGE = (files("tamis.server.openapi") / "page.html").read_bytes()
