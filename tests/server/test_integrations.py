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

pytestmark = pytest.mark.filterwarnings(
    "ignore::DeprecationWarning", "ignore::PendingDeprecationWarning", "ignore::UserWarning"
)


def vector(text: str) -> list[float]:
    """The same text, the same vector."""
    seed = int.from_bytes(hashlib.sha256(text.encode()).digest()[:8], "little")
    return np.random.default_rng(seed).normal(size=SIZE).tolist()


def test_langchain(served: str) -> None:
    from langchain_core.embeddings import Embeddings
    from langchain_qdrant import QdrantVectorStore, RetrievalMode

    class Fake(Embeddings):
        def embed_documents(self, texts: list[str]) -> list[list[float]]:
            return [vector(text) for text in texts]

        def embed_query(self, text: str) -> list[float]:
            return vector(text)

    metadatas = [{"n": n, "kind": "drink" if n < 2 else "thing"} for n in range(len(TEXTS))]
    store = QdrantVectorStore.from_texts(
        list(TEXTS), Fake(), metadatas=metadatas, url=served, collection_name="lc", retrieval_mode=RetrievalMode.DENSE
    )
    found = store.similarity_search_with_score(TEXTS[0], k=2)
    assert found[0][0].page_content == TEXTS[0]
    assert found[0][1] == pytest.approx(1.0, abs=1e-5)
    things = models.Filter(must=[models.FieldCondition(key="metadata.kind", match=models.MatchValue(value="thing"))])
    assert {d.metadata["n"] for d in store.similarity_search(TEXTS[0], k=4, filter=things)} == {2, 3}
    assert {d.metadata["n"] for d in store.max_marginal_relevance_search(TEXTS[0], k=2, fetch_k=4)} >= {0}
    id = found[0][0].metadata["_id"]
    assert store.get_by_ids([id])[0].page_content == TEXTS[0]
    assert store.delete([id])
    assert TEXTS[0] not in [d.page_content for d in store.similarity_search(TEXTS[0], k=4)]
    again = QdrantVectorStore.from_existing_collection("lc", Fake(), url=served)
    added = asyncio.run(again.aadd_texts(["one more"]))
    assert len(added) == 1
    assert asyncio.run(again.asimilarity_search("one more", k=1))[0].page_content == "one more"


def test_llama_index(served: str) -> None:
    from llama_index.core.schema import TextNode
    from llama_index.core.vector_stores.types import (
        FilterOperator,
        MetadataFilter,
        MetadataFilters,
        VectorStoreQuery,
    )
    from llama_index.vector_stores.qdrant import QdrantVectorStore

    client, aclient = QdrantClient(url=served, timeout=30), AsyncQdrantClient(url=served, timeout=30)
    store = QdrantVectorStore("li", client=client, aclient=aclient)
    nodes = [
        TextNode(
            id_=f"00000000-0000-0000-0000-00000000000{n}",
            text=text,
            embedding=vector(text),
            metadata={"n": n, "kind": "ab"[n % 2]},
        )
        for n, text in enumerate(TEXTS)
    ]
    assert len(store.add(nodes)) == len(TEXTS)
    result = store.query(VectorStoreQuery(query_embedding=vector(TEXTS[1]), similarity_top_k=2))
    assert result.nodes[0].get_content() == TEXTS[1]
    filters = MetadataFilters(
        filters=[MetadataFilter(key="kind", value="a"), MetadataFilter(key="n", value=1, operator=FilterOperator.GT)]
    )
    result = store.query(VectorStoreQuery(query_embedding=vector(TEXTS[1]), similarity_top_k=4, filters=filters))
    assert [node.metadata["n"] for node in result.nodes] == [2]
    assert len(store.get_nodes(node_ids=[nodes[3].node_id])) == 1
    store.delete_nodes(node_ids=[nodes[3].node_id])
    assert store.get_nodes(node_ids=[nodes[3].node_id]) == []

    async def more() -> Any:
        await store.async_add([TextNode(text="later", embedding=vector("later"))])
        found = await store.aquery(VectorStoreQuery(query_embedding=vector("later"), similarity_top_k=1))
        await aclient.close()
        return found

    assert asyncio.run(more()).nodes[0].get_content() == "later"
    store.clear()
    client.close()


def test_haystack(served: str) -> None:
    from haystack import Document
    from haystack.document_stores.types import DuplicatePolicy
    from haystack_integrations.components.retrievers.qdrant import QdrantEmbeddingRetriever
    from haystack_integrations.document_stores.qdrant import QdrantDocumentStore

    store = QdrantDocumentStore(
        url=served, index="hs", embedding_dim=SIZE, return_embedding=True, wait_result_from_api=True
    )
    documents = [
        Document(id=str(n), content=text, embedding=vector(text), meta={"n": n, "kind": "ab"[n % 2]})
        for n, text in enumerate(TEXTS)
    ]
    assert store.write_documents(documents, DuplicatePolicy.OVERWRITE) == len(TEXTS)
    assert store.count_documents() == len(TEXTS)
    kind = {"field": "meta.kind", "operator": "==", "value": "a"}
    assert {d.meta["n"] for d in store.filter_documents(kind)} == {0, 2}
    retriever = QdrantEmbeddingRetriever(document_store=store, top_k=2)
    found = retriever.run(query_embedding=vector(TEXTS[2]))["documents"]
    assert found[0].content == TEXTS[2]
    both = {"operator": "AND", "conditions": [kind, {"field": "meta.n", "operator": ">", "value": 0}]}
    found = retriever.run(query_embedding=vector(TEXTS[0]), filters=both)["documents"]
    assert [d.meta["n"] for d in found] == [2]
    assert store.write_documents(documents, DuplicatePolicy.SKIP) == 0
    store.delete_documents(["2"])
    assert store.count_documents() == len(TEXTS) - 1
    assert len(asyncio.run(store.filter_documents_async(kind))) == 1
