"""Actions on aliases: lists of dicts of one key each → the model."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import Any

from tamis.errors import Rejected
from tamis.model.alias import AliasAction, CreateAlias, DeleteAlias, RenameAlias
from tamis.wire.checks import at, items, mapping, only_known, text

__all__ = ["read_alias_actions"]

_ACTIONS: dict[str, tuple[Callable[..., AliasAction], tuple[str, ...]]] = {
    "create_alias": (CreateAlias, ("collection_name", "alias_name")),
    "delete_alias": (DeleteAlias, ("alias_name",)),
    "rename_alias": (RenameAlias, ("old_alias_name", "new_alias_name")),
}


def read_alias_actions(value: Any, where: str = "actions") -> list[AliasAction]:
    """The actions in order. Rejected names the first that is none.

    >>> read_alias_actions([{"delete_alias": {"alias_name": "latest"}}])
    [DeleteAlias(alias='latest')]
    """
    given = items(value, where, 'a list of actions, e.g. [{"delete_alias": {"alias_name": "latest"}}]')
    return [_action(action, f"{where}[{number}]") for number, action in enumerate(given)]


def _action(value: Any, where: str) -> AliasAction:
    action = mapping(value, where, f"a dict with one of the keys {', '.join(_ACTIONS)}")
    only_known(action, tuple(_ACTIONS), where, "an action")
    if len(action) != 1:
        raise Rejected(where, f"must have exactly one of the keys {', '.join(_ACTIONS)}; got {len(action)}")
    kind, inner = next(iter(action.items()))
    make, names = _ACTIONS[kind]
    return make(*_names(mapping(inner, at(where, kind), f"a dict of {', '.join(names)}"), names, at(where, kind)))


def _names(given: Mapping[str, Any], names: tuple[str, ...], where: str) -> list[str]:
    only_known(given, names, where, "it")
    for name in names:
        if name not in given:
            raise Rejected(at(where, name), "is missing")
    return [text(given[name], at(where, name)) for name in names]
