"""Whatever is wrong is refused with the right kind of error and a message that names the argument; nothing changes."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any
from uuid import UUID

import numpy as np  # noqa: F401 (the calls in the table use it)
import pytest

import tamis
from tamis.errors import Invalid, UnknownVector

NAN, INF = float("nan"), float("inf")
ROW = [0.0, 1.0, 2.0]
DOT = {"size": 3, "distance": "Dot"}
DEEP: dict[str, Any] = {}
for _ in range(70):
    DEEP = {"a": DEEP}

# What is called: on the database db, on c with one unnamed vector of size 3, on n with vectors text (3) and image (2);
# the error; what its message holds.
TABLE: list[tuple[str, type[Exception], str]] = [
    # ids
    ("c.upsert(vectors=[ROW])", tamis.Rejected, "ids: is missing"),
    ("c.upsert(ids=[], vectors=[])", tamis.Rejected, "ids: the batch is empty"),
    ("c.upsert(ids=np.array([], int), vectors=np.empty((0, 3)))", tamis.Rejected, "ids: the batch is"),
    ("c.upsert(ids=7, vectors=[ROW])", tamis.Rejected, "ids: must be a list"),
    ('c.upsert(ids="7", vectors=[ROW])', tamis.Rejected, "ids: must be a list"),
    ("c.upsert(ids=[-1], vectors=[ROW])", tamis.Rejected, "ids[0]: point id -1 is out of range"),
    ("c.upsert(ids=[1, 2**64], vectors=[ROW, ROW])", tamis.Rejected, "ids[1]: point id 18446744073709551616"),
    ("c.upsert(ids=np.array([3, -4]), vectors=[ROW, ROW])", tamis.Rejected, "ids[1]: point id -4"),
    ("c.upsert(ids=[1.5], vectors=[ROW])", tamis.Rejected, "ids[0]: value 1.5"),
    ("c.upsert(ids=np.array([1.0]), vectors=[ROW])", tamis.Rejected, "ids[0]"),
    ("c.upsert(ids=[True], vectors=[ROW])", tamis.Rejected, "ids[0]: value True"),
    ("c.upsert(ids=[None], vectors=[ROW])", tamis.Rejected, "ids[0]: value None"),
    ('c.upsert(ids=["seven"], vectors=[ROW])', tamis.Rejected, "ids[0]: value 'seven'"),
    ("c.upsert(ids=np.array([[1, 2]]), vectors=[ROW])", tamis.Rejected, "ids: ids must be one-dim"),
    ("c.upsert(ids={1: 2}, vectors=[ROW])", tamis.Rejected, "ids: must be a list"),
    # vectors
    ("c.upsert(ids=[1])", tamis.Rejected, "vectors: is missing"),
    ("c.upsert(ids=[1], vectors={})", tamis.Rejected, "vectors: is missing"),
    ("c.upsert(ids=[1], vectors=[[1, 2]])", tamis.Rejected, "vectors: vectors of size 3 are expected, got size 2"),
    ("c.upsert(ids=[1, 2], vectors=[ROW])", tamis.Rejected, "vectors: 2 ids but 1 vectors"),
    ("c.upsert(ids=[1], vectors=ROW)", tamis.Rejected, "vectors: must be two-dimensional"),
    ("c.upsert(ids=[1], vectors=[[ROW]])", tamis.Rejected, "vectors: must be two-dimensional"),
    (
        "c.upsert(ids=[1, 2], vectors=[ROW, [1, 2]])",
        tamis.Rejected,
        "vectors[1]: vectors of size 3 are expected, got size 2",
    ),
    ("c.upsert(ids=[1, 2], vectors=[ROW, 5])", tamis.Rejected, "vectors[1]: must be numbers"),
    ("c.upsert(ids=[1, 2], vectors=[ROW, [1, NAN, 2]])", tamis.Rejected, "vectors[1]: dimension 1 is nan"),
    ("c.upsert(ids=[1], vectors=[[INF, 0, 0]])", tamis.Rejected, "vectors[0]: dimension 0 is inf"),
    (
        "c.upsert(ids=[1], vectors=[[0, 0, 1e300]])",
        tamis.Rejected,
        "vectors[0]: dimension 2 is 1e+300, which does not fit float32",
    ),
    ("c.upsert(ids=[1], vectors=np.array([[1, NAN, 0]], np.float16))", tamis.Rejected, "vectors[0]: dimension 1"),
    ('c.upsert(ids=[1], vectors=[["a", "b", "c"]])', tamis.Rejected, "vectors: must hold numbers"),
    ("c.upsert(ids=[1], vectors=[[True, False, True]])", tamis.Rejected, "vectors: must hold numbers"),
    ("c.upsert(ids=[1], vectors=[[1j, 0, 0]])", tamis.Rejected, "vectors: must hold numbers"),
    ('c.upsert(ids=[1], vectors="abc")', tamis.Rejected, "vectors: must be numbers"),
    ("c.upsert(ids=[1], vectors=[[1, None, 2]])", tamis.Rejected, "vectors[0]: must hold numbers"),
    ("c.upsert(ids=[1], vectors=[[1, 10**400, 2]])", tamis.Rejected, "vectors"),
    ('c.upsert(ids=[1], vectors={"text": [ROW]})', UnknownVector, "vectors: there is no vector 'text'"),
    (
        "n.upsert(ids=[1], vectors=[ROW])",
        tamis.Rejected,
        "vectors: vectors of this collection are given by name: text, image",
    ),
    ('n.upsert(ids=[1], vectors={"txt": [ROW]})', UnknownVector, "did you mean 'text'?"),
    (
        'n.upsert(ids=[1], vectors={"text": [ROW], "image": [ROW]})',
        tamis.Rejected,
        "vectors.image: vectors of size 2 are expected, got size 3",
    ),
    ("n.upsert(ids=[1], vectors={7: [ROW]})", tamis.Rejected, "vectors: a vector name is a string"),
    ('n.upsert(ids=[1, 2], vectors={"text": [None]})', tamis.Rejected, "vectors.text: 2 ids but 1"),
    # payloads
    ('c.upsert(ids=[1], vectors=[ROW], payloads={"a": 1})', tamis.Rejected, "payloads: must be a list"),
    ("c.upsert(ids=[1], vectors=[ROW], payloads=[])", tamis.Rejected, "payloads: 1 ids but 0 payloads"),
    ("c.upsert(ids=[1], vectors=[ROW], payloads=[[1]])", tamis.Rejected, "payloads[0]: a payload is a JSON object"),
    ('c.upsert(ids=[1], vectors=[ROW], payloads=["{}"])', tamis.Rejected, "payloads[0]: a payload is"),
    ('c.upsert(ids=[1, 2], vectors=[ROW, ROW], payloads=[{}, {"a": NAN}])', tamis.Rejected, "payloads[1]"),
    (
        'c.upsert(ids=[1], vectors=[ROW], payloads=[{"a": {"b": object()}}])',
        tamis.Rejected,
        "payloads[0].a.b: object is not JSON",
    ),
    ("c.upsert(ids=[1], vectors=[ROW], payloads=[{1: 2}])", tamis.Rejected, "payloads[0]: keys are strings"),
    ('c.upsert(ids=[1], vectors=[ROW], payloads=[{"a": 2**64}])', tamis.Rejected, "payloads[0].a: integer"),
    (
        'c.upsert(ids=[1], vectors=[ROW], payloads=[{"a": "\\ud800"}])',
        tamis.Rejected,
        "payloads[0].a: string holds a lone",
    ),
    ("c.upsert(ids=[1], vectors=[ROW], payloads=[DEEP])", tamis.Rejected, "payloads[0]"),
    ('c.upsert(ids=[1], vectors=[ROW], payloads=[{"a": {1, 2}}])', tamis.Rejected, "payloads[0].a: set is not JSON"),
    # points
    ("c.upsert(points=[])", tamis.Rejected, "points: the batch is empty"),
    ('c.upsert(points={"id": 1})', tamis.Rejected, "points: must be a list"),
    ("c.upsert(points=[7])", tamis.Rejected, "points[0]: must be a dict"),
    ('c.upsert(points=[{"vector": ROW}])', tamis.Rejected, "points[0].id: is missing"),
    ('c.upsert(points=[{"id": 1}])', tamis.Rejected, "points[0].vector: is missing"),
    (
        'c.upsert(points=[{"id": 1, "vector": ROW}, {"id": 2, "vector": [1]}])',
        tamis.Rejected,
        "points[1].vector: vectors of size 3 are expected, got size 1",
    ),
    (
        'c.upsert(points=[{"id": 1, "vector": ROW}, {"id": 2, "vector": [1, NAN, 1]}])',
        tamis.Rejected,
        "points[1].vector: dimension 1",
    ),
    ('c.upsert(points=[{"id": 1, "vector": 3}])', tamis.Rejected, "points[0].vector: must be"),
    ('c.upsert(points=[{"id": 1, "vector": ROW, "payloads": {}}])', tamis.Rejected, "points[0].payloads: unknown key"),
    ('c.upsert(points=[{"id": -1, "vector": ROW}])', tamis.Rejected, "points[0].id: point id -1"),
    ('c.upsert(points=[{"id": 1, "vector": ROW, "payload": 3}])', tamis.Rejected, "points[0].payload: a payload"),
    ('c.upsert(ids=[1], points=[{"id": 1, "vector": ROW}])', tamis.Rejected, "points: give either"),
    (
        'n.upsert(points=[{"id": 1, "vector": {"image": ROW}}])',
        tamis.Rejected,
        "points[0].vector.image: vectors of size 2",
    ),
    ('n.upsert(points=[{"id": 1, "vector": {"imag": ROW}}])', UnknownVector, "did you mean 'image'?"),
    # update and delete vectors
    ('c.upsert(ids=[1], vectors=[ROW], update_mode="insert")', tamis.Rejected, "update_mode: must be one of upsert, "),
    ("c.upsert(ids=[1], vectors=[ROW], update_mode=[1])", tamis.Rejected, "update_mode: must be one of upsert, "),
    ('c.upsert(ids=[1], vectors=[ROW], update_filter="x")', tamis.Rejected, "update_filter: must be"),
    ("c.update_vectors(ids=[1], vectors=[ROW], update_filter=[1])", tamis.Rejected, "update_filter: must be"),
    (
        "c.update_vectors(ids=[1, 99], vectors=[ROW, ROW], update_filter={})",
        tamis.NotFound,
        "No point with id 99 found",
    ),
    ("c.update_vectors(ids=[99], vectors=[ROW])", tamis.NotFound, "No point with id 99 found"),
    ("c.update_vectors(ids=[1], vectors=[[1]])", tamis.Rejected, "vectors: vectors of size 3"),
    ('n.update_vectors(points=[{"id": 1, "vector": {}}])', tamis.Rejected, "points[0]: no vector is given"),
    (
        'n.update_vectors(points=[{"id": 1, "vector": {"text": ROW}, "payload": {}}])',
        tamis.Rejected,
        "points[0].payload: unknown key",
    ),
    ('n.update_vectors(ids=[1], vectors={"text": [None]})', tamis.Rejected, "vectors[0]: no vector is given"),
    ('n.delete_vectors(["tex"], ids=[1])', UnknownVector, "did you mean 'text'?"),
    ("n.delete_vectors([], ids=[1])", tamis.Rejected, "names: must be a list of at least one"),
    ('n.delete_vectors(["text"])', tamis.Rejected, "ids: give either ids or filter"),
    ('n.delete_vectors(["text"], ids=[99])', tamis.NotFound, "No point with id 99"),
    # delete and payload operations
    ("c.delete()", tamis.Rejected, "ids: give either ids or filter"),
    ("c.delete(ids=[1], filter={})", tamis.Rejected, "ids: give either ids or filter, not both"),
    ("c.delete(ids=[])", tamis.Rejected, "ids: the batch is empty"),
    ("c.delete(ids=1)", tamis.Rejected, "ids: must be a list"),
    ('c.delete(filter={"most": []})', tamis.Rejected, "most: unknown key (did you mean 'must'?)"),
    ('c.set_payload({"a": 1})', tamis.Rejected, "ids: give either ids or filter"),
    ("c.set_payload([1], ids=[1])", tamis.Rejected, "payload: a payload is a JSON object"),
    ("c.set_payload(None, ids=[1])", tamis.Rejected, "payload: is missing"),
    ('c.set_payload({"a": INF}, ids=[1])', tamis.Rejected, "payload.a: inf is not JSON"),
    ('c.set_payload({"a": 1}, ids=[1], key="a..b")', tamis.Rejected, "key: path 'a..b'"),
    ('c.set_payload({"a": 1}, ids=[1], key=7)', tamis.Rejected, "key: a payload path is a string"),
    ('c.set_payload({"a": 1}, ids=[99])', tamis.NotFound, "No point with id 99"),
    ('c.set_payload({"a": 1}, ids=[UUID(int=5)])', tamis.NotFound, str(UUID(int=5))),
    ('c.overwrite_payload("x", ids=[1])', tamis.Rejected, "payload: a payload is"),
    ("c.overwrite_payload({}, ids=[99])", tamis.NotFound, "No point with id 99"),
    ("c.delete_payload([], ids=[1])", tamis.Rejected, "keys: is empty"),
    ('c.delete_payload("kind", ids=[1])', tamis.Rejected, "keys: must be a list"),
    ('c.delete_payload(["a["], ids=[1])', tamis.Rejected, "keys[0]: path 'a['"),
    ("c.delete_payload([7], ids=[1])", tamis.Rejected, "keys[0]: a payload path is a string"),
    ("c.clear_payload(ids=[99])", tamis.NotFound, "No point with id 99"),
    ("c.clear_payload()", tamis.Rejected, "ids: give either"),
    # payload indexes
    ('c.create_payload_index("place", "geometry")', tamis.Rejected, "schema"),
    ('c.create_payload_index("a b", "geo")', tamis.Rejected, "field: path 'a b'"),
    ('c.create_payload_index(7, "geo")', tamis.Rejected, "field: a payload path is a string"),
    ('c.create_payload_index("a", {"type": "keyword", "fast": True})', tamis.Rejected, "schema.fast"),
    ('c.create_payload_index("a", {"type": "integer", "range": False, "lookup": False})', tamis.Rejected, "schema"),
    ('c.create_payload_index("a", None)', tamis.Rejected, "schema"),
    # search
    ("c.search([1, 2])", tamis.Rejected, "vector: a vector of size 3 is expected, got size 2"),
    ("c.search([ROW])", tamis.Rejected, "vector: must be one vector"),
    ("c.search(None)", tamis.Rejected, "vector: must be numbers"),
    ("c.search([1, NAN, 0])", tamis.Rejected, "vector: dimension 1 is nan"),
    ("c.search(np.array([1, INF, 0], np.float32))", tamis.Rejected, "vector: dimension 1 is inf"),
    ('c.search("abc")', tamis.Rejected, "vector: must be numbers"),
    ("c.search(ROW, limit=0)", tamis.Rejected, "limit: must be at least 1, got 0"),
    ("c.search(ROW, limit=-1)", tamis.Rejected, "limit: must be at least 1, got -1"),
    ("c.search(ROW, limit=2.0)", tamis.Rejected, "limit: must be an integer"),
    ("c.search(ROW, limit=True)", tamis.Rejected, "limit: must be an integer"),
    ("c.search(ROW, limit=10**7)", tamis.Rejected, "limit: must be at most"),
    ("c.search(ROW, limit=999_999, offset=2)", tamis.Rejected, "limit: limit + offset must be"),
    ("c.search(ROW, offset=-1)", tamis.Rejected, "offset: must not be negative, got -1"),
    ('c.search(ROW, offset="a")', tamis.Rejected, "offset: must be an integer"),
    ('c.search(ROW, params={"ef": 5})', tamis.Rejected, "params.ef: unknown key"),
    ('c.search(ROW, params={"hnsw_ef": 0})', tamis.Rejected, "params.hnsw_ef"),
    ('c.search(ROW, params={"exact": 1})', tamis.Rejected, "params.exact: must be true or false"),
    ("c.search(ROW, params=64)", tamis.Rejected, "params: must be"),
    ('c.search(ROW, params={"acorn": {"enable": True}})', tamis.Rejected, "params.acorn: is not supported yet"),
    ('c.search(ROW, params={"quantization": True})', tamis.Rejected, "params.quantization: must be a dict"),
    ('c.search(ROW, params={"quantization": {"x": 1}})', tamis.Rejected, "params.quantization.x: unknown key"),
    (
        'c.search(ROW, params={"quantization": {"rescore": False}})',
        tamis.Rejected,
        "params.quantization.rescore: must be true",
    ),
    (
        'c.search(ROW, params={"quantization": {"oversampling": 0.5}})',
        tamis.Rejected,
        "params.quantization.oversampling: must be from 1 to 100, got 0.5",
    ),
    ('c.search(ROW, score_threshold="high")', tamis.Rejected, "score_threshold: must be a number"),
    ("c.search(ROW, score_threshold=NAN)", tamis.Rejected, "score_threshold"),
    ('c.search(ROW, filter={"must": [{"key": "a"}]})', tamis.Rejected, "must[0]"),
    ("c.search(ROW, filter=[])", tamis.Rejected, "filter: must be"),
    ('c.search(ROW, filter={"must": [{"key": "n", "range": {"gte": "x"}}]})', tamis.Rejected, "must[0].range.gte"),
    ('c.search(ROW, using="text")', UnknownVector, "using: there is no vector 'text'"),
    ("n.search(ROW)", tamis.Rejected, "using: name one of the vectors"),
    ('n.search(ROW, using="images")', UnknownVector, "did you mean 'image'?"),
    ("n.search(ROW, using=3)", tamis.Rejected, "using: a vector name is a string"),
    ('c.search(ROW, with_payload="kind")', tamis.Rejected, "with_payload: must be"),
    ('c.search(ROW, with_payload={"only": ["a"]})', tamis.Rejected, "with_payload: must be"),
    ('c.search(ROW, with_payload=["a."])', tamis.Rejected, "with_payload[0]: path"),
    ('n.search(ROW, using="text", with_vector=["img"])', UnknownVector, "with_vector: there is no vector 'img'"),
    ('c.search(ROW, with_vector="text")', tamis.Rejected, "with_vector: must be a bool"),
    ("c.search_batch(ROW)", tamis.Rejected, "vectors: must be two-dimensional"),
    ("c.search_batch([ROW, [1, NAN, 2]])", tamis.Rejected, "vectors[1]: dimension 1"),
    ("c.search_batch([ROW], limit=0)", tamis.Rejected, "limit: must be at least 1"),
    ("c.search_batch([ROW], threads=0)", tamis.Rejected, "threads: must be"),
    ("c.search_batch([[1, 2]])", tamis.Rejected, "vectors: vectors of size 3"),
    ("c.explain(ROW, limit=0)", tamis.Rejected, "limit: must be at least 1"),
    # the other reads
    ("c.count(filter=3)", tamis.Rejected, "filter: must be"),
    ('c.count(exact="yes")', tamis.Rejected, "exact: must be true or false"),
    ("c.scroll(limit=0)", tamis.Rejected, "limit: must be at least 1"),
    ("c.scroll(offset=-3)", tamis.Rejected, "offset: point id -3"),
    ('c.scroll(offset="x")', tamis.Rejected, "offset: value 'x'"),
    ('c.scroll(order_by="a[")', tamis.Rejected, "order_by.key: path 'a['"),
    ('c.scroll(order_by={"key": "n", "direction": "up"})', tamis.Rejected, "order_by.direction"),
    ('c.scroll(order_by={"path": "n"})', tamis.Rejected, "order_by.path: unknown key"),
    ('c.scroll(order_by={"key": "n", "start_from": "soon"})', tamis.Rejected, "order_by.start_from"),
    ('c.scroll(order_by="n", offset=1)', tamis.Rejected, "offset: an ordered scroll has no offset"),
    ("c.retrieve(1)", tamis.Rejected, "ids: must be a list"),
    ("c.retrieve([1.5])", tamis.Rejected, "ids[0]: value 1.5"),
    ("c.facet(7)", tamis.Rejected, "key: a payload path is a string"),
    ('c.facet("a..b")', tamis.Rejected, "key: path 'a..b'"),
    ('c.facet("kind", limit=0)', tamis.Rejected, "limit: must be at least 1"),
    # collections
    ('db.get_collection("docz")', tamis.NotFound, "did you mean 'docs'?"),
    ("db.get_collection(None)", tamis.Rejected, "name: a collection name is a string"),
    ('db.delete_collection("nothing")', tamis.NotFound, "Collection `nothing` doesn't exist!"),
    ('db.create_collection("docs", vectors=DOT)', tamis.Conflict, "'docs' already exists"),
    ('db.create_collection("", vectors=DOT)', tamis.Rejected, "name: a collection name has 1 to 255 bytes"),
    ('db.create_collection("x" * 256, vectors=DOT)', tamis.Rejected, "name: a collection name has"),
    ('db.create_collection("a/b", vectors=DOT)', tamis.Rejected, "name: the collection name 'a/b' holds"),
    ('db.create_collection("new", vectors=7)', tamis.Rejected, "vectors: must be"),
    ('db.create_collection("new", vectors={"size": 0, "distance": "Dot"})', Invalid, "vectors.size: must be"),
    (
        'db.create_collection("new", vectors={"size": 65_537, "distance": "Dot"})',
        Invalid,
        "vectors.size: must be",
    ),
    (
        'db.create_collection("new", vectors={"size": 3, "distance": "Hamming"})',
        tamis.Rejected,
        "vectors.distance: must be one of Cosine",
    ),
    ('db.create_collection("new", vectors={"size": 3})', tamis.Rejected, "vectors.distance: is missing"),
    ('db.create_collection("new", vectors={"a": {"size": 3}})', tamis.Rejected, "vectors.a.distance: is missing"),
    ('db.create_collection("new", vectors={"a*": DOT})', Invalid, "vectors: the vector name 'a*'"),
    (
        'db.create_collection("new", vectors={"size": 3, "distance": "Dot", "datatype": "uint8"})',
        tamis.Rejected,
        "vectors.datatype: 'uint8' is not supported yet",
    ),
    (
        'db.create_collection("new", vectors={**DOT, "multivector_config": {"comparator": "max_sim"}})',
        tamis.Rejected,
        "vectors.multivector_config: multivectors are not supported yet",
    ),
    (
        'db.create_collection("new", vectors={"size": 3, "distance": "Dot", "colour": 1})',
        tamis.Rejected,
        "vectors.colour: unknown option",
    ),
    ('db.create_collection("new", vectors=DOT, hnsw_config={"m": 1})', Invalid, "hnsw_config.m: must be"),
    (
        'db.create_collection("new", vectors=DOT, hnsw_config={"M": 16})',
        tamis.Rejected,
        "hnsw_config.M: unknown option",
    ),
    (
        'db.create_collection("new", vectors=DOT, quantization_config={"product": {"compression": "x4"}})',
        tamis.Rejected,
        "quantization_config.product: product quantization is not supported yet",
    ),
    (
        'db.create_collection("new", vectors=DOT, quantization_config={"binary": {"encoding": "two_bits"}})',
        tamis.Rejected,
        "quantization_config.binary.encoding: must be 'one_bit'",
    ),
    (
        'db.create_collection("new", vectors=DOT, quantization_config={})',
        tamis.Rejected,
        "quantization_config: must name one kind",
    ),
    (
        'db.create_collection("new", vectors=DOT, quantization_config={"scalar": {"type": "int4"}})',
        tamis.Rejected,
        "quantization_config.scalar.type: must be 'int8'",
    ),
    (
        'db.create_collection("new", vectors=DOT, optimizers_config={"deleted_threshold": 2})',
        Invalid,
        "optimizers_config.deleted_threshold: must be",
    ),
    ('db.create_collection("new", vectors=DOT, metadata=[1])', tamis.Rejected, "metadata: must be a dict"),
    ('db.create_collection("new", vectors=DOT, metadata={"a": NAN})', tamis.Rejected, "metadata.a"),
    ("tamis.open(7)", tamis.Rejected, "directory: must be a path"),
    ('tamis.open("")', tamis.Rejected, "directory: must be a path"),
    ("tamis.open(__file__)", tamis.Rejected, "is a file; give a directory"),
]


@pytest.fixture(scope="module")
def db() -> Iterator[tamis.Database]:
    with tamis.open() as database:
        docs = database.create_collection("docs", vectors={"size": 3, "distance": "Cosine"})
        docs.upsert(ids=[1, 2], vectors=[ROW, [3, 1, 0]], payloads=[{"kind": "a", "n": 1}, {"kind": "b"}])
        named = {"text": {"size": 3, "distance": "Dot"}, "image": {"size": 2, "distance": "Euclid"}}
        database.create_collection("named", vectors=named).upsert(ids=[1], vectors={"text": [ROW]})
        yield database


def state(db: tamis.Database) -> list[Any]:
    """Everything that a refused call must leave as it was."""
    found: list[Any] = []
    for name in db.collections():
        collection = db.get_collection(name)
        records, following = collection.scroll(limit=100, with_vector=True)
        rows = [(r.id, r.version, r.payload, repr(r.vector)) for r in records]
        found.append((name, following, rows, collection.info()["config"], collection.info()["payload_schema"]))
    return found


@pytest.mark.parametrize(("call", "kind", "message"), TABLE)
def test_refused_and_nothing_changed(db: tamis.Database, call: str, kind: type[Exception], message: str) -> None:
    before = state(db)
    with pytest.raises(kind) as caught:
        eval(call, {**globals(), "db": db, "c": db.get_collection("docs"), "n": db.get_collection("named")})
    assert type(caught.value) is kind
    assert message in str(caught.value)
    assert state(db) == before


def test_a_refused_batch_writes_nothing_to_the_log(db: tamis.Database) -> None:
    docs = db.get_collection("docs")
    before = docs.upsert(ids=[1], vectors=[ROW], payloads=[{"kind": "a", "n": 1}])
    with pytest.raises(tamis.Rejected):
        docs.upsert(ids=[5, 6], vectors=[ROW, [NAN, 0, 0]])
    assert docs.upsert(ids=[1], vectors=[ROW], payloads=[{"kind": "a", "n": 1}]) == before + 1


def test_closed_handles_say_so() -> None:
    database = tamis.open()
    gone = database.create_collection("gone", vectors={"size": 3, "distance": "Dot"})
    kept = database.create_collection("kept", vectors={"size": 3, "distance": "Dot"})
    database.delete_collection("gone")
    with pytest.raises(tamis.Conflict, match="'gone' was deleted"):
        gone.search(ROW)
    database.close()
    database.close()
    for call in (lambda: kept.upsert(ids=[1], vectors=[ROW]), kept.count, database.collections):
        with pytest.raises(tamis.Conflict, match="closed"):
            call()
