"""What goes wrong here, by who must act.

VacanciesError
  BadInput     the caller: an argument that cannot be taken, with its name and what is allowed
  NotBuilt     whoever runs it: there is no index yet, or not where it was looked for
"""

__all__ = ["BadInput", "NotBuilt", "VacanciesError"]


class VacanciesError(Exception):
    """Any error that this application raises on purpose."""


class BadInput(VacanciesError):
    """An argument that cannot be taken; `argument` is its name."""

    def __init__(self, argument: str, problem: str) -> None:
        super().__init__(f"{argument}: {problem}")
        self.argument = argument


class NotBuilt(VacanciesError):
    """No index to ask; the message says how to make one."""
