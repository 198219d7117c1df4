"""Who may do what: keys from `api-key` or `Authorization: Bearer`, compared in constant time.

no key configured    everybody may do everything
api_key, alt_api_key everything          read_only_api_key  routes whose access is read
open routes          no key needed: version, health, documentation
"""

from __future__ import annotations

from hmac import compare_digest

import msgspec

__all__ = ["Keys"]

_BEARER = "bearer "


class Keys(msgspec.Struct, frozen=True):
    """The configured keys; an empty one is not configured."""

    full: tuple[str, ...] = ()
    read_only: tuple[str, ...] = ()

    def __repr__(self) -> str:
        return f"<Keys full={len(self.full)} read_only={len(self.read_only)}>"

    def refuse(self, access: str, api_key: str | None, authorization: str | None) -> tuple[int, str] | None:
        """Status and words for a caller who may not; None for one who may.

        >>> Keys(full=("secret",)).refuse("read", "secret", None)
        >>> Keys(full=("secret",)).refuse("read", "Secret", None)[0]
        401
        """
        if access == "open" or not (self.full or self.read_only):
            return None
        given = api_key
        if given is None and authorization is not None and authorization.lower().startswith(_BEARER):
            given = authorization[len(_BEARER) :]
        if given is None:
            return 401, "Must provide an API key or an Authorization bearer token"
        raw = given.encode(errors="surrogateescape")
        full = [compare_digest(raw, key.encode()) for key in self.full]  # all of them: time says nothing about which
        read_only = [compare_digest(raw, key.encode()) for key in self.read_only]
        if any(full) or (any(read_only) and access == "read"):
            return None
        if any(read_only):
            return 403, "Forbidden: this key may only read"
        return 401, "Invalid API key or JWT"
