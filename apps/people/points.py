"""People as points, and what was learned of them as one more: two collections, whatever server or directory holds them.

    people            vectors interests, words · payload: the profile, and who met or refused whom
    people-encoding   one point; its payload holds the bytes of the `Encoding`, in base64

A profile lies in the payload field by field, so that each can be asked for: `place` is a geo point, `wish.languages` a
list of texts. What is missing is absent. `compared` names the vectors that the point has.
"""

from __future__ import annotations

import base64
from dataclasses import dataclass, field
from typing import Any

import msgspec
from qdrant_client import QdrantClient, models

from apps.people.encoding import Encoding
from apps.people.profile import Place, Profile, Refused, Wishes

__all__ = ["VECTORS", "Known", "create", "drop", "known", "learned", "payload"]

VECTORS = ("interests", "words")
_NAME = models.TextIndexParams(
    type=models.TextIndexType.TEXT, tokenizer=models.TokenizerType.PREFIX, lowercase=True, min_token_len=1
)
_INDEXES: dict[str, Any] = {
    "name": _NAME,
    "place": models.PayloadSchemaType.GEO,
    "born": models.PayloadSchemaType.INTEGER,
    **dict.fromkeys(("interests", "schools", "languages"), models.PayloadSchemaType.KEYWORD),
}


@dataclass(frozen=True, slots=True)
class Known:
    """A stored person: the profile, whom they met, whom they refused, and which vectors they have."""

    profile: Profile
    met: frozenset[int] = field(default=frozenset())
    refused: frozenset[int] = field(default=frozenset())
    compared: tuple[str, ...] = ()


def payload(person: Known) -> dict[str, Any]:
    """What is stored beside the vectors."""
    profile = person.profile
    made: dict[str, Any] = msgspec.to_builtins(profile)
    del made["id"]
    if profile.place is not None:
        made["place"] = {"lat": profile.place.lat, "lon": profile.place.lon}
        made["city"] = profile.place.city
    lists = {"met": sorted(person.met), "refused": sorted(person.refused), "compared": list(person.compared)}
    return made | {name: values for name, values in lists.items() if values}


def known(id: int, stored: dict[str, Any]) -> Known:
    """The person of a point."""
    place = stored.get("place")
    lists = {name: tuple(stored.get(name, ())) for name in ("schools", "interests", "languages")}
    profile = Profile(
        id=id,
        name=stored["name"],
        place=None if place is None else Place(place["lat"], place["lon"], stored.get("city", "")),
        born=stored.get("born"),
        about=stored.get("about", ""),
        wish=msgspec.convert(stored.get("wish", {}), Wishes),
        **lists,
    )
    met, refused = frozenset(stored.get("met", ())), frozenset(stored.get("refused", ()))
    return Known(profile, met, refused, tuple(stored.get("compared", ())))


def create(client: QdrantClient, name: str, encoding: Encoding) -> None:
    """Both collections, the second one filled."""
    vectors = {
        vector: models.VectorParams(size=size, distance=models.Distance.COSINE)
        for vector, size in encoding.sizes.items()
    }
    client.create_collection(name, vectors_config=vectors)
    for path, schema in _INDEXES.items():
        client.create_payload_index(name, path, schema, wait=True)
    client.create_collection(_beside(name), models.VectorParams(size=1, distance=models.Distance.DOT))
    stored = {"npz": base64.b64encode(encoding.to_bytes()).decode("ascii")}
    client.upsert(_beside(name), [models.PointStruct(id=0, vector=[0.0], payload=stored)], wait=True)


def learned(client: QdrantClient, name: str) -> Encoding:
    """What `create` stored. Refused if nothing was built there."""
    if not (client.collection_exists(name) and client.collection_exists(_beside(name))):
        raise Refused(f"people: there is no collection {name!r} here; build one with: people build")
    records = client.retrieve(_beside(name), [0], with_payload=True)
    try:
        return Encoding.from_bytes(base64.b64decode((records[0].payload or {})["npz"], validate=True))
    except (IndexError, KeyError, ValueError) as error:
        raise Refused(f"people: what was learned for {name!r} cannot be read: {error}; build it again") from None


def drop(client: QdrantClient, name: str) -> None:
    """Take both away."""
    client.delete_collection(name)
    client.delete_collection(_beside(name))


def _beside(name: str) -> str:
    return f"{name}-encoding"
