"""`tamis cluster status`, `tamis cluster clone`: who is there, which node has which shard, copies that copy nothing."""

from __future__ import annotations

from typing import Annotated, Any

import typer
from rich.console import Console

from tamis.cli.options import Key, Name, TargetName
from tamis.cli.table import print_table
from tamis.cli.target import collection_path, opened

__all__ = ["cluster"]

cluster = typer.Typer(help="Nodes and shards of a cluster.", no_args_is_help=True)


@cluster.command("status")
def status(target: TargetName, api_key: Key = "") -> None:
    """Show the nodes that one of them sees, and where the shards of every collection are.

    Example: [cyan]tamis cluster status http://localhost:6333[/cyan]
    """
    with opened(target, api_key) as api:
        told = api.ask("GET", "/cluster")
        if told["status"] != "enabled":
            Console().print("one node, no cluster: start nodes with --store", markup=False)
            return
        names = [found["name"] for found in api.ask("GET", "/collections")["collections"]]
        placed = [(name, api.ask("GET", collection_path(name, "/cluster"))) for name in names]
    print_table(("node", "url", "role", "state", "version", "shards"), [_node(node) for node in told["nodes"]])
    peers = {node["peer_id"]: node["id"] for node in told["nodes"]}
    rows = [row for name, one in placed for row in _shards(name, one, peers)]
    if rows:
        print_table(("collection", "shard", "points", "nodes"), rows)
    for where, trouble in told["troubles"].items():
        what = f"shard {where}" if "/" in where else where
        Console().print(f"{what}: {trouble}", style="yellow", markup=False)


@cluster.command("clone")
def clone(
    target: TargetName,
    collection: Name,
    to: Annotated[str, typer.Argument(help="The name of the new collection.", show_default=False)],
    at: Annotated[str | None, typer.Option(help="As it was then: 2026-01-31T12:00:00Z.", show_default=False)] = None,
    api_key: Key = "",
) -> None:
    """Make a collection of another, as it is or as it was, without copying anything.

    Example: [cyan]tamis cluster clone http://localhost:6333 docs docs-before --at 2026-01-31T12:00:00Z[/cyan]
    """
    with opened(target, api_key) as api:
        api.ask("POST", collection_path(collection, "/clone"), {"to": to, **({} if at is None else {"at": at})})
    Console().print(f"created {to}", markup=False)


def _node(node: dict[str, Any]) -> tuple[str, ...]:
    state = "live" if node["live"] else "silent"
    return node["id"], node["url"], node["role"], state, node["version"], str(len(node["shards"]))


def _shards(name: str, told: dict[str, Any], peers: dict[int, str]) -> list[tuple[str, ...]]:
    """One row per shard: the nodes that have it, those that still fetch it in brackets."""
    found: dict[int, tuple[str, list[str]]] = {}
    for one in told["local_shards"]:
        found[one["shard_id"]] = f"{one['points_count']:,}", [peers[told["peer_id"]]]
    for one in told["remote_shards"]:
        id = peers.get(one["peer_id"], str(one["peer_id"]))
        nodes = found.setdefault(one["shard_id"], ("", []))[1]
        nodes.append(id if one["state"] == "Active" else f"({id})")
    return [(name, str(shard), points, " ".join(nodes)) for shard, (points, nodes) in sorted(found.items())]
