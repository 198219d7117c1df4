"""The small arguments of reads: limit, offset, params, thresholds, and what of a point to return."""

from __future__ import annotations

import math
from collections.abc import Iterable, Mapping
from datetime import date, datetime
from typing import Any

import numpy as np

from tamis.embedded.names import vector_params
from tamis.errors import Rejected
from tamis.limits import LIMIT_MAX
from tamis.model.moment import moment_of, parse_moment
from tamis.model.operation import UpdateMode
from tamis.model.path import parse_path
from tamis.model.query import Fields, OrderBy, SearchParams
from tamis.model.schema import CollectionSchema
from tamis.wire.checks import mapping, only_known, plain_scalar, real, truth, whole

__all__ = [
    "read_fields",
    "read_limit",
    "read_offset",
    "read_order_by",
    "read_params",
    "read_path",
    "read_paths",
    "read_threshold",
    "read_update_mode",
]

_DEFAULT_PARAMS = SearchParams()
_ALL_PAYLOAD = Fields()
_PARAMS = ("hnsw_ef", "exact", "indexed_only", "quantization")
_CODES = ("ignore", "rescore", "oversampling")
_OVERSAMPLING_MAX = 100.0
_BEAM_MAX = 100_000


def read_limit(limit: Any, where: str = "limit") -> int:
    """1 to `LIMIT_MAX`."""
    if type(limit) is not int:
        limit = whole(limit, where)
    if limit < 1:
        raise Rejected(where, f"must be at least 1, got {limit}")
    if limit > LIMIT_MAX:
        raise Rejected(where, f"must be at most {LIMIT_MAX}, got {limit}")
    return int(limit)


def read_offset(offset: Any, where: str = "offset") -> int:
    """0 to `LIMIT_MAX`: how many of the best hits to skip."""
    if type(offset) is not int:
        offset = whole(offset, where)
    if offset < 0:
        raise Rejected(where, f"must not be negative, got {offset}")
    if offset > LIMIT_MAX:
        raise Rejected(where, f"must be at most {LIMIT_MAX}, got {offset}; use scroll to walk through all points")
    return int(offset)


def read_threshold(threshold: Any) -> float | None:
    """A finite number, or None."""
    if threshold is None:
        return None
    number = float(real(threshold, "score_threshold"))
    if not math.isfinite(number):
        raise Rejected("score_threshold", f"must be a finite number, got {threshold}")
    return number


def read_params(params: Any) -> SearchParams:
    """{"hnsw_ef": beam, "exact": bool, "indexed_only": bool, "quantization": {"ignore": bool, "oversampling": 2.0}}"""
    if params is None:
        return _DEFAULT_PARAMS
    given = mapping(params, "params", f"a dict with some of {', '.join(_PARAMS)}")
    for key in ("acorn", "idf"):
        if given.get(key) is not None:
            raise Rejected(f"params.{key}", "is not supported yet; the planner chooses by itself")
    only_known(given, (*_PARAMS, "acorn", "idf"), "params", "params")
    ignore, oversampling = _read_codes(given.get("quantization"))
    beam = given.get("hnsw_ef")
    return SearchParams(
        None if beam is None else whole(beam, "params.hnsw_ef", 1, _BEAM_MAX),
        _flag(given, "exact"),
        _flag(given, "indexed_only"),
        ignore,
        oversampling,
    )


def _read_codes(value: Any) -> tuple[bool, float | None]:
    """Whether codes are ignored, and the oversampling."""
    if value is None:
        return False, None
    given = mapping(value, "params.quantization", f"a dict with some of {', '.join(_CODES)}")
    only_known(given, _CODES, "params.quantization", "params.quantization")
    if given.get("rescore") is not None and not truth(given["rescore"], "params.quantization.rescore"):
        raise Rejected(
            "params.quantization.rescore", "must be true: what codes find is always measured on full vectors"
        )
    ignore = given.get("ignore") is not None and truth(given["ignore"], "params.quantization.ignore")
    if given.get("oversampling") is None:
        return ignore, None
    oversampling = float(real(given["oversampling"], "params.quantization.oversampling"))
    if not 1 <= oversampling <= _OVERSAMPLING_MAX:
        place = "params.quantization.oversampling"
        raise Rejected(place, f"must be from 1 to {_OVERSAMPLING_MAX:g}, got {oversampling:g}")
    return ignore, oversampling


def read_fields(schema: CollectionSchema, with_payload: Any, with_vector: Any) -> Fields:
    """with_payload: bool, [paths], {"include": [paths]} or {"exclude": [paths]}; with_vector: bool or [names]."""
    if with_payload is True and with_vector is False:
        return _ALL_PAYLOAD
    vectors = _read_vector_names(schema, with_vector)
    if isinstance(with_payload, (bool, np.bool_)):
        return Fields(payload=bool(with_payload), vectors=vectors)
    paths = isinstance(with_payload, (list, tuple))
    wanted = "a bool, a list of paths, {'include': [...]} or {'exclude': [...]}"
    given = {"include": with_payload} if paths else mapping(with_payload, "with_payload", wanted)
    if set(given) not in ({"include"}, {"exclude"}):
        raise Rejected("with_payload", f"must be {wanted}; got keys {', '.join(map(str, given)) or 'none'}")
    if "include" in given:
        return Fields(include=read_paths(given["include"], "with_payload"), vectors=vectors)
    return Fields(exclude=read_paths(given["exclude"], "with_payload"), vectors=vectors)


def read_paths(paths: Any, where: str) -> tuple[str, ...]:
    """A list of payload paths, canonical."""
    if isinstance(paths, (str, bytes, Mapping)) or not isinstance(paths, Iterable):
        raise Rejected(where, f"must be a list of payload paths, got {paths!r}")
    return tuple(read_path(path, f"{where}[{row}]") for row, path in enumerate(paths))


def read_path(path: Any, where: str) -> str:
    """One payload path, canonical."""
    if not isinstance(path, str):
        raise Rejected(where, f"a payload path is a string, got {path!r}")
    return str(parse_path(path, where))


def read_update_mode(mode: Any) -> UpdateMode:
    """upsert, insert_only or update_only; None is upsert."""
    mode = plain_scalar(mode)
    if mode is None:
        return UpdateMode.UPSERT
    names = [known.value for known in UpdateMode]
    if mode not in names:
        raise Rejected("update_mode", f"must be one of {', '.join(names)}, got {mode!r}")
    return UpdateMode(mode)


def read_order_by(order_by: Any) -> OrderBy | None:
    """A path, or {"key", "direction": "asc" | "desc", "start_from": number or date}."""
    if order_by is None:
        return None
    wanted = "a payload path, or a dict with key, direction, start_from"
    given = {"key": order_by} if isinstance(order_by, str) else mapping(order_by, "order_by", wanted)
    only_known(given, ("key", "direction", "start_from"), "order_by", "order_by")
    if not isinstance(given.get("key"), str):
        raise Rejected("order_by.key", f"must be a payload path, got {given.get('key')!r}")
    direction = plain_scalar(given.get("direction") or "asc")
    if direction not in ("asc", "desc"):
        raise Rejected("order_by.direction", f"must be 'asc' or 'desc', got {direction!r}")
    path = str(parse_path(given["key"], "order_by.key"))
    return OrderBy(path, direction == "desc", _read_start(given.get("start_from")))


def _read_start(start: Any) -> int | float | None:
    where = "order_by.start_from"
    if isinstance(start, (date, datetime)):
        return moment_of(start)
    if isinstance(start, str):
        moment = parse_moment(start)
        if moment is None:
            raise Rejected(where, f"{start!r} does not read as a date; write 2024-01-31 or 2024-01-31T12:00:00Z")
        return moment
    return None if start is None else real(start, where)


def _read_vector_names(schema: CollectionSchema, with_vector: Any) -> tuple[str, ...] | None:
    if isinstance(with_vector, (bool, np.bool_)):
        return None if with_vector else ()
    if isinstance(with_vector, (str, bytes, Mapping)) or not isinstance(with_vector, Iterable):
        raise Rejected("with_vector", f"must be a bool or a list of vector names, got {with_vector!r}")
    names = tuple(with_vector)
    for name in names:
        vector_params(schema, name, "with_vector")
    return names


def _flag(given: Mapping[str, Any], key: str) -> bool:
    value = given.get(key)
    return value is not None and truth(value, f"params.{key}")
