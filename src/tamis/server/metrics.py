"""Counters of a node in Prometheus' words.

    tamis_requests_total{endpoint,status}         tamis_request_seconds{endpoint}     histogram
    tamis_search_seconds{strategy}                calls of the engine: histogram, by the strategy of the plan
    tamis_searches_together                       how many searches one call of the engine answered
    tamis_waiting                                 requests in the queue now
    tamis_refused_total{reason}                   turned away before any work: queue, size, key, rate

Per collection, read when asked: tamis_collection_points, _segments, _indexed_vectors, _resident_bytes, _disk_bytes.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator, Sequence

from prometheus_client import CollectorRegistry, Counter, Gauge, Histogram
from prometheus_client.core import GaugeMetricFamily
from prometheus_client.exposition import CONTENT_TYPE_LATEST, generate_latest
from prometheus_client.process_collector import ProcessCollector
from prometheus_client.registry import Collector

from tamis.collection.collection import StoredCollection
from tamis.search.ranked import Leg

__all__ = ["CONTENT_TYPE_LATEST", "Metrics"]

_SECONDS = (0.0001, 0.00025, 0.0005, 0.001, 0.0025, 0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1, 2.5, 5, 10, 30)
_TOGETHER = (1, 2, 4, 8, 16, 32, 64, 128)

Opened = Callable[[], Iterable[StoredCollection]]


class Metrics:
    """One node's. `opened` gives the collections that are open."""

    def __init__(self, opened: Opened) -> None:
        self._registry = CollectorRegistry()
        self._known: dict[
            tuple[str, int], tuple[Counter, Histogram]
        ] = {}  # looking labels up takes longer than counting
        self._requests = Counter("tamis_requests", "Requests answered", ("endpoint", "status"), registry=self._registry)
        self._seconds = Histogram(
            "tamis_request_seconds",
            "From the first byte to the last",
            ("endpoint",),
            buckets=_SECONDS,
            registry=self._registry,
        )
        self._search_seconds = Histogram(
            "tamis_search_seconds",
            "Calls of the engine that answer searches, by the strategy of the plan",
            ("strategy",),
            buckets=_SECONDS,
            registry=self._registry,
        )
        self._together = Histogram(
            "tamis_searches_together",
            "Searches answered by one call of the engine",
            buckets=_TOGETHER,
            registry=self._registry,
        )
        self._waiting = Gauge("tamis_waiting", "Requests that wait for a thread", registry=self._registry)
        self._refused = Counter(
            "tamis_refused", "Requests turned away before any work", ("reason",), registry=self._registry
        )
        self._registry.register(_Collections(opened))
        ProcessCollector(registry=self._registry)

    def answered(self, endpoint: str, status: int, seconds: float) -> None:
        """Count a request."""
        counters = self._known.get((endpoint, status))
        if counters is None:
            counters = self._requests.labels(endpoint, str(status)), self._seconds.labels(endpoint)
            self._known[endpoint, status] = counters
        counters[0].inc()
        counters[1].observe(seconds)

    def searched(self, legs: Sequence[Leg], together: int, seconds: float) -> None:
        """Count a call of the engine that answered so many searches; its strategy is that of the largest segment."""
        strategy = max(legs, key=lambda leg: leg.rows).strategy if legs else "empty"
        self._search_seconds.labels(strategy).observe(seconds)
        self._together.observe(together)

    def watch(self, waiting: Callable[[], float]) -> None:
        """Ask this for the number of waiting requests."""
        self._waiting.set_function(waiting)

    def refused(self, reason: str) -> None:
        """Count a request that was turned away."""
        self._refused.labels(reason).inc()

    def exposition(self) -> bytes:
        """All of it as text."""
        return generate_latest(self._registry)

    def requests(self) -> dict[str, dict[str, int]]:
        """How many requests of each endpoint ended in each status."""
        counts: dict[str, dict[str, int]] = {}
        for family in self._requests.collect():
            for sample in family.samples:
                if sample.name.endswith("_total"):
                    counts.setdefault(sample.labels["endpoint"], {})[sample.labels["status"]] = int(sample.value)
        return counts


class _Collections(Collector):
    def __init__(self, opened: Opened) -> None:
        self._opened = opened

    def collect(self) -> Iterator[GaugeMetricFamily]:
        names = {
            "points": "Points",
            "segments": "Segments and heads",
            "indexed_vectors": "Vectors in graphs",
            "resident_bytes": "Bytes held or mapped",
            "disk_bytes": "Bytes in files",
        }
        families = {
            key: GaugeMetricFamily(f"tamis_collection_{key}", text, labels=["collection"])
            for key, text in names.items()
        }
        for collection in self._opened():
            info, memory = collection.info(), collection.memory()
            values = {
                "points": info.points_count,
                "segments": len(info.segments),
                "indexed_vectors": info.indexed_vectors_count,
                "resident_bytes": sum(memory.resident.values()),
                "disk_bytes": sum(memory.disk.values()),
            }
            for key, value in values.items():
                families[key].add_metric([collection.name], value)
        yield from families.values()
