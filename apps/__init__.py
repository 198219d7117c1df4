"""Applications on top of tamis: people known by their mentions, vacancy autocomplete, who should meet whom.

They use the public API only: `tamis.qdrant.TamisClient` for an engine in the same process, `qdrant_client.QdrantClient`
for one behind a URL. Each is an extra of the package, with a command line and, where it helps, a page.
"""
