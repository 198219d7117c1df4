"""Which requests go to shards, and what splits and merges each of them."""

from __future__ import annotations

from collections.abc import Callable

from tamis.server.scatter import groups, reads, searches, whole, writes
from tamis.server.scatter.legs import Legs
from tamis.wire.members import Members

__all__ = ["SPREAD"]

Spread = Callable[[Legs, str, str, Members], bytes]

_C = "/collections/{name}"
_P = f"{_C}/points"

SPREAD: dict[str, Spread] = {
    f"GET {_C}": whole.info,
    f"PATCH {_C}": writes.everywhere,
    f"GET {_C}/memory": whole.memory,
    f"PUT {_C}/index": writes.everywhere,
    f"DELETE {_C}/index/{{field}}": writes.everywhere,
    f"PUT {_C}/vectors/{{vector}}": writes.everywhere,
    f"DELETE {_C}/vectors/{{vector}}": writes.everywhere,
    f"GET {_P}/{{id}}": reads.point,
    f"POST {_P}": reads.retrieve,
    f"POST {_P}/scroll": reads.scroll,
    f"POST {_P}/count": reads.count,
    f"POST {_C}/facet": reads.facet,
    f"PUT {_P}": writes.written("upsert"),
    f"POST {_P}/delete": writes.written("delete"),
    f"PUT {_P}/vectors": writes.written("update_vectors"),
    f"POST {_P}/vectors/delete": writes.written("delete_vectors"),
    f"POST {_P}/payload": writes.written("set_payload"),
    f"PUT {_P}/payload": writes.written("overwrite_payload"),
    f"POST {_P}/payload/delete": writes.written("delete_payload"),
    f"POST {_P}/payload/clear": writes.written("clear_payload"),
    f"POST {_P}/batch": writes.batch,
    f"POST {_P}/query": searches.points,
    f"POST {_P}/query/batch": searches.batch,
    f"POST {_P}/query/groups": groups.groups,
    f"POST {_P}/search": searches.hits,
    f"POST {_P}/search/batch": searches.batch,
    f"POST {_P}/search/groups": groups.groups,
    f"POST {_P}/recommend": searches.hits,
    f"POST {_P}/recommend/batch": searches.batch,
    f"POST {_P}/recommend/groups": groups.groups,
}
