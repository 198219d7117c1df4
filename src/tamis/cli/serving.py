"""`tamis serve`: the HTTP API over a database directory."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated, Any

import typer

from tamis.errors import Rejected

__all__ = ["serve"]


def serve(
    path: Annotated[Path | None, typer.Option(help="The database directory.", show_default="./data")] = None,
    host: Annotated[str | None, typer.Option(help="The address to listen on.", show_default="127.0.0.1")] = None,
    port: Annotated[int | None, typer.Option(help="The port; 0 lets the system choose.", show_default="6333")] = None,
    store: Annotated[
        str | None,
        typer.Option(help="Be one node of a cluster over this store: s3://bucket/prefix, gs://, az://, a directory."),
    ] = None,
    url: Annotated[str | None, typer.Option(help="Where other nodes reach this one.", show_default=False)] = None,
    role: Annotated[str | None, typer.Option(help="full, read or index.", show_default="full")] = None,
    cache: Annotated[Path | None, typer.Option(help="The node's own directory.", show_default="./cache")] = None,
    config: Annotated[Path | None, typer.Option(help="A YAML file with settings.", show_default=False)] = None,
) -> None:
    """Serve a directory over HTTP, in the words of Qdrant's REST API, until Ctrl-C or SIGTERM.

    With --store, any number of these are a cluster over one object store or one shared directory.

    Settings come from the file, from variables such as TAMIS__SERVICE__API_KEY, and from the options here; the later of
    these wins. Documentation of the API is at /docs, metrics at /metrics, health at /livez and /readyz.

    Example: [cyan]tamis serve --path ./demo-data[/cyan]
    """
    try:
        from tamis.config import load
        from tamis.node import serve as run
    except ImportError as error:
        if (error.name or "tamis").startswith("tamis"):
            raise
        raise Rejected("serve", f"needs {error.name}; install it with: pip install 'tamis[server]'") from None
    overrides: dict[str, dict[str, Any]] = {}
    for section, name, value in (
        ("storage", "storage_path", path),
        ("service", "host", host),
        ("service", "http_port", port),
        ("cluster", "store", store),
        ("cluster", "url", url),
        ("cluster", "role", role),
        ("cluster", "cache_path", cache),
    ):
        if value is not None:
            overrides.setdefault(section, {})[name] = value
    run(load(config, overrides))
