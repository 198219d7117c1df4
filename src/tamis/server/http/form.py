"""A file that comes as part of a multipart form, written to disk while it arrives.

--boundary · Content-Disposition: form-data; name="snapshot"; filename=… · bytes · --boundary--
"""

from __future__ import annotations

import asyncio
import logging
import tempfile
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from pathlib import Path
from typing import IO, Any

import msgspec
from python_multipart import MultipartParser
from python_multipart.exceptions import FormParserError
from python_multipart.multipart import parse_options_header

from tamis.collection.snapshot_folder import DRAFT
from tamis.errors import Rejected, TimedOut, Unavailable
from tamis.server.http.incoming import Incoming

__all__ = ["FormFile", "received"]

_HEADER_BYTES_MAX = 8_192  # of one part
logging.getLogger("python_multipart").setLevel(logging.CRITICAL)  # what is wrong with a form is said in the reply


class FormFile(msgspec.Struct, frozen=True):
    """Which field holds the file, how large it may be, how long it may pause, and where it is kept meanwhile."""

    folder: Path
    field: str
    bytes_max: int
    pause_seconds: float


@asynccontextmanager
async def received(wanted: FormFile, content_type: str | None, incoming: Incoming) -> AsyncIterator[Path]:
    """The file, as long as the block runs. Rejected if the form holds none, or a larger one."""
    kind, options = parse_options_header(content_type or "")
    if kind != b"multipart/form-data" or b"boundary" not in options:
        raise Rejected(wanted.field, "must come as a file of a multipart form")
    with tempfile.NamedTemporaryFile(dir=wanted.folder, prefix=DRAFT) as file:
        part = _Part(wanted, file)
        parser = MultipartParser(options[b"boundary"], part.callbacks())
        try:
            while (chunk := await _next(incoming, wanted)) is not None:
                await asyncio.to_thread(parser.write, chunk)  # the disk may be slow
            parser.finalize()
        except FormParserError as error:
            raise Rejected(wanted.field, f"the form cannot be read: {error}") from None
        except OSError as error:
            raise Unavailable(f"the upload could not be kept: {error.strerror}") from error
        if not part.complete:
            raise Rejected(wanted.field, "is missing, or its last bytes are; send it as a file of a multipart form")
        file.flush()
        yield Path(file.name)


async def _next(incoming: Incoming, wanted: FormFile) -> bytes | None:
    """What arrived next; None at the end."""
    try:
        async with asyncio.timeout(wanted.pause_seconds):
            return await incoming.next()
    except TimeoutError:
        raise TimedOut(f"nothing of the upload arrived for {wanted.pause_seconds:g} seconds") from None


class _Part:
    """What the parser calls as it finds headers and data."""

    def __init__(self, wanted: FormFile, file: IO[bytes]) -> None:
        self._wanted = wanted
        self._file = file
        self._name, self._value = b"", b""
        self._here = False
        self._size = 0
        self.complete = False

    def callbacks(self) -> Any:
        return {
            "on_part_begin": self._begin,
            "on_header_field": self._field,
            "on_header_value": self._header,
            "on_header_end": self._headed,
            "on_part_data": self._data,
            "on_part_end": self._end,
        }

    def _begin(self) -> None:
        self._here = False

    def _field(self, data: bytes, start: int, end: int) -> None:
        self._name += data[start:end]

    def _header(self, data: bytes, start: int, end: int) -> None:
        self._value += data[start:end]
        if len(self._value) > _HEADER_BYTES_MAX:
            raise Rejected(self._wanted.field, f"a header of the form is longer than {_HEADER_BYTES_MAX} bytes")

    def _headed(self) -> None:
        if self._name.lower() == b"content-disposition":
            self._here = parse_options_header(self._value)[1].get(b"name") == self._wanted.field.encode()
        self._name, self._value = b"", b""

    def _data(self, data: bytes, start: int, end: int) -> None:
        if not self._here:
            return
        self._size += end - start
        if self._size > self._wanted.bytes_max:
            raise Rejected(self._wanted.field, f"the file is larger than {self._wanted.bytes_max} bytes")
        self._file.write(data[start:end])

    def _end(self) -> None:
        self.complete = self.complete or self._here
