"""LangChain's, LlamaIndex's and Haystack's Qdrant integrations, unmodified, against a server of ours."""

from __future__ import annotations

import asyncio
import hashlib
import os
from typing import Any

os.environ.update(
    HAYSTACK_TELEMETRY_ENABLED="False", DO_NOT_TRACK="1", LANGSMITH_TRACING="false", LANGCHAIN_TRACING_V2="false"
)

import numpy as np
import pytest
from qdrant_client import AsyncQdrantClient, QdrantClient, models

SIZE = 16
TEXTS = ("tea is made of leaves", "coffee is made of beans", "a kettle boils water", "a lamp gives light")

KIND = {"field": "meta.kind", "operator": "==", "value": "a"}
THINGS = models.Filter(must=[models.FieldCondition(key="metadata.kind", match=models.MatchValue(value="thing"))])

pytestmark = pytest.mark.filterwarnings(
    "ignore::DeprecationWarning", "ignore::PendingDeprecationWarning", "ignore::UserWarning"
)


def vector(text: str) -> list[float]:
    """The same text, the same vector."""
    seed = int.from_bytes(hashlib.sha256(text.encode()).digest()[:8], "little")
    return np.random.default_rng(seed).normal(size=SIZE).tolist()


def langchain_store(served: str) -> Any:
    """A store of TEXTS."""
    from langchain_core.embeddings import Embeddings
    from langchain_qdrant import QdrantVectorStore, RetrievalMode

    class Fake(Embeddings):
        def embed_documents(self, texts: list[str]) -> list[list[float]]:
            return [vector(text) for text in texts]

        def embed_query(self, text: str) -> list[float]:
            return vector(text)

    metadatas = [{"n": n, "kind": "drink" if n < 2 else "thing"} for n in range(len(TEXTS))]
    return QdrantVectorStore.from_texts(
        list(TEXTS), Fake(), metadatas=metadatas, url=served, collection_name="lc", retrieval_mode=RetrievalMode.DENSE
    )


def test_langchain(served: str) -> None:
    from langchain_qdrant import QdrantVectorStore

    store = langchain_store(served)
    found = store.similarity_search_with_score(TEXTS[0], k=2)
    assert found[0][0].page_content == TEXTS[0]
    assert found[0][1] == pytest.approx(1.0, abs=1e-5)
    assert {d.metadata["n"] for d in store.similarity_search(TEXTS[0], k=4, filter=THINGS)} == {2, 3}
    assert {d.metadata["n"] for d in store.similarity_search(TEXTS[0], k=4, offset=1)} == {1, 2, 3}
    assert len(store.similarity_search(TEXTS[0], k=4, score_threshold=0.99)) == 1
    assert {d.metadata["n"] for d in store.max_marginal_relevance_search(TEXTS[0], k=2, fetch_k=4)} >= {0}
    id = found[0][0].metadata["_id"]
    assert store.get_by_ids([id])[0].page_content == TEXTS[0]
    assert store.delete([id])
    assert TEXTS[0] not in [d.page_content for d in store.similarity_search(TEXTS[0], k=4)]
    again = QdrantVectorStore.from_existing_collection("lc", store.embeddings, url=served)
    assert len(again.add_texts(["one more"], ids=[7])) == 1
    assert again.get_by_ids([7])[0].page_content == "one more"


def test_langchain_async(served: str) -> None:
    async def run() -> None:
        store = langchain_store(served)
        ids = await store.aadd_texts(["one more"], metadatas=[{"n": 4, "kind": "thing"}])
        assert (await store.asimilarity_search("one more", k=1))[0].page_content == "one more"
        found = await store.asimilarity_search_with_score("one more", k=9, filter=THINGS)
        assert {document.metadata["n"] for document, _ in found} == {2, 3, 4}
        assert (await store.aget_by_ids(ids))[0].metadata["n"] == 4
        diverse = await store.amax_marginal_relevance_search("one more", k=2, fetch_k=5)
        assert diverse[0].page_content == "one more"
        assert await store.adelete(ids)
        assert await store.aget_by_ids(ids) == []

    asyncio.run(run())


def llama_nodes() -> list[Any]:
    """TEXTS; those of one kind belong to one document."""
    from llama_index.core.schema import NodeRelationship, RelatedNodeInfo, TextNode

    return [
        TextNode(
            id_=f"00000000-0000-0000-0000-00000000000{n}",
            text=text,
            embedding=vector(text),
            metadata={"n": n, "kind": "ab"[n % 2]},
            relationships={NodeRelationship.SOURCE: RelatedNodeInfo(node_id="ab"[n % 2])},
        )
        for n, text in enumerate(TEXTS)
    ]


def llama_query(text: str, top: int, filters: dict[str, Any] | None = None) -> Any:
    """filters: field → value that it has, or (operator, value)."""
    from llama_index.core.vector_stores.types import FilterOperator, MetadataFilter, MetadataFilters, VectorStoreQuery

    given = {key: value if isinstance(value, tuple) else ("==", value) for key, value in (filters or {}).items()}
    conditions = [
        MetadataFilter(key=key, value=value, operator=FilterOperator(sign)) for key, (sign, value) in given.items()
    ]
    how = MetadataFilters(filters=conditions) if conditions else None
    return VectorStoreQuery(query_embedding=vector(text), similarity_top_k=top, filters=how)


def test_llama_index(served: str) -> None:
    from llama_index.vector_stores.qdrant import QdrantVectorStore

    client = QdrantClient(url=served, timeout=30)
    store, nodes = QdrantVectorStore("li", client=client), llama_nodes()
    assert len(store.add(nodes)) == len(TEXTS)
    assert store.query(llama_query(TEXTS[1], 2)).nodes[0].get_content() == TEXTS[1]
    for filters, numbers in (
        ({"kind": "a", "n": (">", 1)}, [2]),
        ({"n": ("in", [1, 3])}, [1, 3]),
        ({"n": ("nin", [1, 3])}, [0, 2]),
        ({"kind": ("!=", "a")}, [1, 3]),
        ({"n": ("<=", 1)}, [0, 1]),
    ):
        found = store.query(llama_query(TEXTS[1], 4, filters)).nodes
        assert sorted(node.metadata["n"] for node in found) == numbers, filters
    assert len(store.get_nodes(node_ids=[nodes[3].node_id])) == 1
    store.delete_nodes(node_ids=[nodes[3].node_id])
    assert store.get_nodes(node_ids=[nodes[3].node_id]) == []
    store.delete("a")
    assert [node.metadata["n"] for node in store.get_nodes()] == [1]
    store.clear()
    assert not client.collection_exists("li")
    client.close()


def test_llama_index_async(served: str) -> None:
    from llama_index.vector_stores.qdrant import QdrantVectorStore

    async def run() -> None:
        aclient = AsyncQdrantClient(url=served, timeout=30)
        store, nodes = QdrantVectorStore("li", aclient=aclient), llama_nodes()
        assert len(await store.async_add(nodes)) == len(TEXTS)
        found = await store.aquery(llama_query(TEXTS[1], 4, {"kind": "b"}))
        assert [node.metadata["n"] for node in found.nodes] == [1, 3]
        await store.adelete_nodes(node_ids=[nodes[3].node_id])
        await store.adelete("a")
        assert [node.metadata["n"] for node in await store.aget_nodes()] == [1]
        await store.aclear()
        assert not await aclient.collection_exists("li")
        await aclient.close()

    asyncio.run(run())


def haystack_store(served: str) -> tuple[Any, list[Any]]:
    """An empty store, and TEXTS as documents."""
    from haystack import Document
    from haystack_integrations.document_stores.qdrant import QdrantDocumentStore

    store = QdrantDocumentStore(
        url=served, index="hs", embedding_dim=SIZE, return_embedding=True, wait_result_from_api=True
    )
    documents = [
        Document(id=str(n), content=text, embedding=vector(text), meta={"n": n, "kind": "ab"[n % 2]})
        for n, text in enumerate(TEXTS)
    ]
    return store, documents


def test_haystack(served: str) -> None:
    from haystack.document_stores.errors import DuplicateDocumentError
    from haystack.document_stores.types import DuplicatePolicy
    from haystack_integrations.components.retrievers.qdrant import QdrantEmbeddingRetriever

    store, documents = haystack_store(served)
    assert store.write_documents(documents, DuplicatePolicy.OVERWRITE) == len(TEXTS)
    assert store.count_documents() == len(TEXTS)
    assert {d.meta["n"] for d in store.filter_documents(KIND)} == {0, 2}
    retriever = QdrantEmbeddingRetriever(document_store=store, top_k=2, return_embedding=True)
    found = retriever.run(query_embedding=vector(TEXTS[2]))["documents"]
    assert found[0].content == TEXTS[2]
    assert found[0].embedding == pytest.approx(documents[2].embedding / np.linalg.norm(documents[2].embedding))
    both = {"operator": "AND", "conditions": [KIND, {"field": "meta.n", "operator": ">", "value": 0}]}
    found = retriever.run(query_embedding=vector(TEXTS[0]), filters=both)["documents"]
    assert [d.meta["n"] for d in found] == [2]
    found = retriever.run(query_embedding=vector(TEXTS[0]), group_by="meta.kind", group_size=1)["documents"]
    assert {d.meta["kind"] for d in found} == {"a", "b"}
    assert store.write_documents(documents, DuplicatePolicy.SKIP) == 0
    with pytest.raises(DuplicateDocumentError):
        store.write_documents(documents, DuplicatePolicy.FAIL)
    store.delete_documents(["2"])
    assert store.count_documents() == len(TEXTS) - 1
    assert store.get_documents_by_id(["2"]) == []
    store.close()


def test_haystack_by_filter(served: str) -> None:
    store, documents = haystack_store(served)
    store.write_documents(documents)
    assert store.count_documents_by_filter(KIND) == 2
    assert store.get_metadata_fields_info().keys() == {"n", "kind"}
    assert store.get_metadata_field_min_max("meta.n") == {"min": 0, "max": 3}
    assert store.count_unique_metadata_by_filter(KIND, ["kind", "n"]) == {"kind": 1, "n": 2}
    values, count = store.get_metadata_field_unique_values("kind")
    assert (sorted(values), count) == (["a", "b"], 2)
    assert store.update_by_filter(KIND, {"kind": "c"}) == 2
    assert store.count_documents_by_filter(KIND) == 0
    assert store.delete_by_filter({**KIND, "value": "c"}) == 2
    assert {d.content for d in store.filter_documents()} == {TEXTS[1], TEXTS[3]}
    store.delete_all_documents()
    assert store.count_documents() == 0
    store.close()


def test_haystack_async(served: str) -> None:
    from haystack_integrations.components.retrievers.qdrant import QdrantEmbeddingRetriever

    async def run() -> None:
        store, documents = haystack_store(served)
        assert await store.write_documents_async(documents) == len(TEXTS)
        assert await store.count_documents_async() == len(TEXTS)
        retriever = QdrantEmbeddingRetriever(document_store=store, top_k=4)
        found = (await retriever.run_async(query_embedding=vector(TEXTS[2]), filters=KIND))["documents"]
        assert [d.meta["n"] for d in found] == [2, 0]
        assert await store.update_by_filter_async(KIND, {"kind": "c"}) == 2
        assert len(await store.filter_documents_async({**KIND, "value": "c"})) == 2
        await store.delete_documents_async(["2"])
        assert [d.content for d in await store.get_documents_by_id_async(["0", "2"])] == [TEXTS[0]]
        await store.delete_all_documents_async(recreate_index=True)
        assert await store.count_documents_async() == 0
        await store.close_async()

    asyncio.run(run())
