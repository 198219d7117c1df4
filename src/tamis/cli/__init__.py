"""The command line: `tamis COMMAND TARGET …`. One file per family of commands; `app` is the program."""

from tamis.cli.app import app

__all__ = ["app"]
