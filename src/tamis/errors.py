"""The errors tamis raises, in families by who must act. A message says what, where, which limit, and what to do.

TamisError
├── Rejected      the caller: the argument named in the message is wrong; nothing was changed
│   ├── Malformed     a request is not the JSON, or not of the shape, that is expected
│   └── Invalid       a value is outside what its field allows
├── NotFound      the caller: no such collection, point or field
│   └── UnknownVector a vector name that the collection does not have
├── Forbidden     the caller: this is not allowed here
├── Conflict      the caller: it exists already, or another process holds it
│   └── Outrun        others appended to the log first; read on from its end and try again
├── Retryable     the caller, later
│   ├── Overloaded    a queue or a limit is full
│   ├── Unavailable   a part is not reachable now
│   │   └── Outdated  the collection is another one by now; nothing was done
│   └── TimedOut      the deadline passed
└── Broken        the operator
    ├── Poisoned      a write could not be made durable: reads go on, writes are refused until reopened
    └── Corrupt       stored bytes fail their checksum; names the file and the byte
"""

from __future__ import annotations

__all__ = [
    "Broken",
    "Conflict",
    "Corrupt",
    "Forbidden",
    "Invalid",
    "Malformed",
    "NotFound",
    "Outdated",
    "Outrun",
    "Overloaded",
    "Poisoned",
    "Rejected",
    "Retryable",
    "TamisError",
    "TimedOut",
    "Unavailable",
    "UnknownVector",
]


class TamisError(Exception):
    """Anything tamis raises on purpose."""


class Rejected(TamisError, ValueError):
    """An argument is wrong. `where` names it, for example ``must[1].range.gte``."""

    def __init__(self, where: str, problem: str) -> None:
        super().__init__(f"{where}: {problem}" if where else problem)
        self.where = where
        self.problem = problem

    def __reduce__(self) -> tuple[type[Rejected], tuple[str, str]]:
        return type(self), (self.where, self.problem)


class Malformed(Rejected):
    """A request cannot be read: not JSON, an unknown key, a value of another type."""


class Invalid(Rejected):
    """A value of the right type is outside what its field allows."""


class NotFound(TamisError, LookupError):
    """The thing asked for does not exist."""


class UnknownVector(NotFound):
    """The collection has no vector of this name."""


class Forbidden(TamisError):
    """What was asked is not allowed here, whoever asks."""


class Conflict(TamisError):
    """The thing exists already, or somebody else holds it."""


class Outrun(Conflict):
    """Others appended first. Nothing of this was written."""


class Retryable(TamisError):
    """Nothing is wrong with the request; try again later."""


class Overloaded(Retryable):
    """A queue or a limit is full."""


class Unavailable(Retryable):
    """A part that is needed cannot be reached now."""


class Outdated(Unavailable):
    """The collection was deleted or replaced a moment ago. Nothing was done."""


class TimedOut(Retryable):
    """The deadline passed before the answer was complete."""


class Broken(TamisError):
    """The operator has to look."""


class Poisoned(Broken):
    """A write could not be made durable. Reads go on, writes are refused until the data is reopened."""


class Corrupt(Broken):
    """Stored bytes are not what was written."""

    def __init__(self, key: str, offset: int, problem: str) -> None:
        super().__init__(f"{key}: byte {offset}: {problem}")
        self.key = key
        self.offset = offset
        self.problem = problem

    def __reduce__(self) -> tuple[type[Corrupt], tuple[str, int, str]]:
        return type(self), (self.key, self.offset, self.problem)
