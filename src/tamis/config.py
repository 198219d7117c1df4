"""Settings of one node: a YAML file, environment variables, the command line; the later of these wins.

    service:  {host: 127.0.0.1, http_port: 6333, api_key: ...}      TAMIS__SERVICE__API_KEY=...
    storage:  {storage_path: ./data}                                TAMIS__STORAGE__STORAGE_PATH=./data
    cluster:  {store: s3://bucket/tamis}                            TAMIS__CLUSTER__STORE=s3://bucket/tamis

Names follow Qdrant's where they mean the same. An unknown name is refused. Keys are secrets: no repr shows them.
"""

from __future__ import annotations

import os
from collections.abc import Mapping
from difflib import get_close_matches
from pathlib import Path
from typing import Any, Literal

import yaml
from pydantic import BaseModel, ConfigDict, Field, SecretStr, ValidationError, model_validator
from pydantic_settings import BaseSettings, InitSettingsSource, PydanticBaseSettingsSource, SettingsConfigDict

from tamis.errors import Rejected

__all__ = [
    "ClusterConfig",
    "LogConfig",
    "NodeConfig",
    "ServiceConfig",
    "SnapshotsConfig",
    "StorageConfig",
    "TlsConfig",
    "load",
]

_PREFIX, _BETWEEN = "TAMIS__", "__"
_ENVIRONMENT = "the environment"


class _Section(BaseModel):
    model_config = ConfigDict(frozen=True, extra="forbid")


class ServiceConfig(_Section):
    """How the API is served."""

    host: str = "127.0.0.1"
    http_port: int = Field(default=6333, ge=0, le=65_535)
    api_key: SecretStr = SecretStr("")  # everything
    alt_api_key: SecretStr = SecretStr("")  # everything; while keys are being changed
    read_only_api_key: SecretStr = SecretStr("")
    enable_tls: bool = False
    enable_cors: bool = True
    max_request_size_mb: int = Field(default=32, ge=1, le=4_096)
    max_queue: int = Field(default=1_024, ge=1, le=65_536)  # requests of one kind that may wait
    request_timeout_secs: float = Field(default=60.0, gt=0, le=86_400)
    body_timeout_secs: float = Field(default=30.0, gt=0, le=86_400)
    slow_query_secs: float = Field(default=1.0, ge=0)  # a search that takes longer is logged with its plan
    compression_min_bytes: int = Field(default=4_096, ge=0)  # smaller replies are not compressed


class TlsConfig(_Section):
    """Files of the certificate; with ca_cert, clients must show one that it signed."""

    cert: Path | None = None
    key: Path | None = None
    ca_cert: Path | None = None


class StorageConfig(_Section):
    """Where the data is."""

    storage_path: Path = Path("./data")
    snapshots_path: Path | None = None  # snapshots in the storage path unless given


class SnapshotsConfig(_Section):
    """What snapshots may do."""

    enable_url_recovery: bool = True  # fetch one from an address that a client names


class ClusterConfig(_Section):
    """One of several nodes over one store, if there is a store. Seconds where nothing else is said."""

    store: str = ""  # s3://bucket/prefix, gs://, az://, or a directory that every node sees
    url: str = ""  # where other nodes reach this one; http://host:http_port unless given
    node_id: str = Field(default="", pattern=r"^[a-z0-9_-]{0,60}$")  # made anew at every start unless given
    role: Literal["full", "read", "index"] = "full"
    cache_path: Path = Path("./cache")
    cache_mb: int = Field(default=10_240, ge=1)
    lease_secs: float = Field(default=6.0, ge=0.1, le=3_600)
    poll_secs: float = Field(default=0.2, ge=0.01, le=60)  # how soon writes of other nodes are seen here
    collect_secs: float = Field(default=300.0, ge=0.1)
    history_secs: float = Field(default=3_600.0, ge=0)  # how far back a collection can be cloned
    grace_secs: float = Field(default=3_600.0, ge=1)  # how old a file that nothing lists is when it is removed
    request_secs: float = Field(default=10.0, gt=0, le=600)  # for one request to the store


class LogConfig(_Section):
    """What is logged, and how."""

    level: Literal["DEBUG", "INFO", "WARNING", "ERROR"] = "INFO"
    format: Literal["json", "console"] = "json"


class NodeConfig(BaseSettings):
    """Everything about one node that is not data."""

    model_config = SettingsConfigDict(
        frozen=True,
        extra="forbid",
        env_prefix=_PREFIX,
        env_nested_delimiter=_BETWEEN,
    )

    service: ServiceConfig = ServiceConfig()
    tls: TlsConfig = TlsConfig()
    storage: StorageConfig = StorageConfig()
    snapshots: SnapshotsConfig = SnapshotsConfig()
    cluster: ClusterConfig = ClusterConfig()
    log: LogConfig = LogConfig()

    @model_validator(mode="after")
    def _keys_fit_headers(self) -> NodeConfig:
        for name in ("api_key", "alt_api_key", "read_only_api_key"):
            key = getattr(self.service, name).get_secret_value()
            if key != key.strip() or not (key.isascii() and key.isprintable()):
                raise ValueError(
                    f"service.{name} holds what a header cannot: use printable ASCII, no space at the ends"
                )
        return self

    @model_validator(mode="after")
    def _tls_has_files(self) -> NodeConfig:
        if self.service.enable_tls and (self.tls.cert is None or self.tls.key is None):
            raise ValueError("service.enable_tls needs tls.cert and tls.key")
        for name in ("cert", "key", "ca_cert"):
            path = getattr(self.tls, name)
            if self.service.enable_tls and path is not None and not path.is_file():
                raise ValueError(f"tls.{name}: there is no file {path}")
        return self


def load(file: Path | None = None, overrides: Mapping[str, Any] | None = None) -> NodeConfig:
    """The configuration in force. overrides: {"service": {"http_port": 6334}}, what the command line said.

    Raises Rejected, naming the setting and the file or variable that it comes from.

    >>> load(overrides={"service": {"http_port": 7000}}).service.http_port
    7000
    """
    layers = [
        (f"{file}", {} if file is None else _read(file)),
        (_ENVIRONMENT, _environment()),
        ("the command line", dict(overrides or {})),
    ]
    for source, given in layers:
        _check_names(NodeConfig, given, source)

    class Layered(NodeConfig):
        @classmethod
        def settings_customise_sources(
            cls,
            settings_cls: type[BaseSettings],
            init_settings: PydanticBaseSettingsSource,
            env_settings: PydanticBaseSettingsSource,
            dotenv_settings: PydanticBaseSettingsSource,
            file_secret_settings: PydanticBaseSettingsSource,
        ) -> tuple[PydanticBaseSettingsSource, ...]:
            return tuple(InitSettingsSource(settings_cls, given) for _, given in reversed(layers))

    try:
        return Layered()
    except ValidationError as error:
        first = error.errors(include_input=False)[0]
        name = ".".join(map(str, first["loc"])) or "configuration"
        problem = first["msg"].removeprefix("Value error, ")
        raise Rejected(name, f"{problem}{_origin(name, layers)}") from None


def _read(file: Path) -> dict[str, Any]:
    try:
        given = yaml.safe_load(file.read_text(encoding="utf-8"))
    except OSError as error:
        raise Rejected("config", f"{file} cannot be read: {error.strerror}") from None
    except yaml.MarkedYAMLError as error:  # only the line's number: its words may be a key
        line = f" line {error.problem_mark.line + 1}" if error.problem_mark is not None else ""
        raise Rejected("config", f"{file}{line} is not YAML; indent by spaces, and quote values with signs") from None
    except (yaml.YAMLError, UnicodeDecodeError):
        raise Rejected("config", f"{file} is not YAML: it must be text in UTF-8") from None
    if given is None:
        return {}
    if not isinstance(given, dict):
        raise Rejected("config", f"{file} must hold sections such as service: and storage:")
    return {name: {} if section is None else section for name, section in given.items()}


def _environment() -> dict[str, Any]:
    """TAMIS__A__B=value as {"a": {"b": value}}."""
    given: dict[str, Any] = {}
    for variable, value in os.environ.items():
        section, between, name = variable[len(_PREFIX) :].lower().partition(_BETWEEN)
        if not variable.upper().startswith(_PREFIX):
            continue
        if not between:
            raise Rejected(variable, f"must name a section and a setting, such as {_PREFIX}SERVICE{_BETWEEN}HTTP_PORT")
        given.setdefault(section, {})[name] = value
    return given


def _check_names(model: type[BaseModel], given: Mapping[str, Any], source: str, where: str = "") -> None:
    for name, value in given.items():
        place = f"{where}{name}"
        field = model.model_fields.get(name)
        if field is None:
            near = get_close_matches(str(name), model.model_fields, 1)
            hint = f"did you mean {where}{near[0]}?" if near else f"known are {', '.join(model.model_fields)}"
            raise Rejected(place, f"unknown setting in {source}; {hint}")
        inner = field.annotation
        if isinstance(inner, type) and issubclass(inner, BaseModel):
            if not isinstance(value, Mapping):
                raise Rejected(place, f"must be a section with settings, in {source}")
            _check_names(inner, value, source, f"{place}.")


def _origin(name: str, layers: list[tuple[str, dict[str, Any]]]) -> str:
    """Which layer gave the value that was refused."""
    for source, given in reversed(layers):
        value: Any = given
        for step in name.split("."):
            value = value.get(step) if isinstance(value, Mapping) else None
        if value is not None:
            variable = _PREFIX + name.replace(".", _BETWEEN).upper()
            return f" (in {variable})" if source == _ENVIRONMENT else f" (in {source})"
    return ""
