"""Settings of a node: which source wins, what is refused and how it is named, and that no key is ever shown."""

from __future__ import annotations

import os
import subprocess
import sys
from pathlib import Path

import pytest

from tamis.config import load
from tamis.errors import Rejected

SECRET = "sesame-4711"


@pytest.fixture(autouse=True)
def no_settings_around(monkeypatch: pytest.MonkeyPatch) -> None:
    for variable in os.environ:
        if variable.upper().startswith("TAMIS__"):
            monkeypatch.delenv(variable)


def written(tmp_path: Path, text: str) -> Path:
    file = tmp_path / "tamis.yaml"
    file.write_text(text, encoding="utf-8")
    return file


def refused(file: Path | None = None, overrides: dict[str, object] | None = None) -> str:
    with pytest.raises(Rejected) as caught:
        load(file, overrides)
    assert "\n" not in str(caught.value)
    return str(caught.value)


def test_defaults_listen_on_this_machine_only() -> None:
    config = load()
    assert (config.service.host, config.service.http_port) == ("127.0.0.1", 6333)
    assert config.service.api_key.get_secret_value() == ""
    assert (config.service.max_queue, config.service.max_request_size_mb) == (1024, 32)
    assert (config.storage.storage_path, config.log.level) == (Path("data"), "INFO")


def test_the_environment_wins_over_the_file_and_the_command_line_over_both(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    file = written(tmp_path, "service: {host: 127.0.0.2, http_port: 1, max_queue: 7}\nlog: {level: DEBUG}\n")
    monkeypatch.setenv("TAMIS__SERVICE__HTTP_PORT", "2")
    monkeypatch.setenv("TAMIS__SERVICE__MAX_QUEUE", "8")
    monkeypatch.setenv("TAMIS__SERVICE__ENABLE_CORS", "false")
    config = load(file, {"service": {"max_queue": 9}})
    assert (config.service.host, config.service.http_port, config.service.max_queue) == ("127.0.0.2", 2, 9)
    assert (config.service.enable_cors, config.log.level) == (False, "DEBUG")


def test_a_value_that_is_overruled_is_not_looked_at(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("TAMIS__SERVICE__HTTP_PORT", "5")
    assert load(written(tmp_path, "service: {http_port: 70000}")).service.http_port == 5


@pytest.mark.parametrize("text", ["", "# nothing\n", "service:\n", "service: {}\n"])
def test_empty_files_and_sections_are_defaults(tmp_path: Path, text: str) -> None:
    assert load(written(tmp_path, text)).model_dump() == load().model_dump()


@pytest.mark.parametrize(
    ("text", "message"),
    [
        ("service: {htp_port: 1}", "service.htp_port: unknown setting in {}; did you mean service.http_port?"),
        ("serivce: {http_port: 1}", "serivce: unknown setting in {}; did you mean service?"),
        ("service: {metrics_port: 1}", "service.metrics_port: unknown setting in {}"),
        ("zz: 1", "known are service, tls, storage, snapshots, cluster, log"),
        ("service: 5", "service: must be a section with settings, in {}"),
        ("service: {http_port: 70000}", "service.http_port: Input should be less than or equal to 65535 (in {})"),
        ("service: {http_port: many}", "service.http_port: Input should be a valid integer"),
        ("service: {request_timeout_secs: .nan}", "service.request_timeout_secs: "),
        ("log: {level: LOUD}", "log.level: Input should be 'DEBUG', 'INFO', 'WARNING' or 'ERROR' (in {})"),
        ("- 1", "config: {} must hold sections"),
        ("service: [\n", "config: {} line 2 is not YAML"),
        ("service: {enable_tls: true}", "service.enable_tls needs tls.cert and tls.key"),
        ("service: {enable_tls: true}\ntls: {cert: no.pem, key: no.pem}", "tls.cert: there is no file no.pem"),
    ],
)
def test_what_a_file_gets_wrong_is_named_with_the_file(tmp_path: Path, text: str, message: str) -> None:
    file = written(tmp_path, text)
    assert message.format(file) in refused(file)


@pytest.mark.parametrize(
    ("variable", "value", "message"),
    [
        ("TAMIS__SERVICE__HTTP_PORT", "x", "(in TAMIS__SERVICE__HTTP_PORT)"),
        ("TAMIS__SERVICE__HTP_PORT", "1", "service.htp_port: unknown setting in the environment; did you mean"),
        ("TAMIS__SERVICE__HTTP_PORT__X", "1", "service.http_port__x: unknown setting"),
        ("TAMIS__SERVICE", "{bad", "TAMIS__SERVICE: must name a section and a setting"),
        ("TAMIS__", "1", "TAMIS__: must name a section and a setting"),
    ],
)
def test_what_a_variable_gets_wrong_is_named_with_the_variable(
    monkeypatch: pytest.MonkeyPatch, variable: str, value: str, message: str
) -> None:
    monkeypatch.setenv("TAMIS__SERVICE__MAX_QUEUE", "3")  # beside it: one variable for a section, one for a setting
    monkeypatch.setenv(variable, value)
    assert message in refused()


def test_what_the_command_line_gets_wrong() -> None:
    assert "(in the command line)" in refused(None, {"service": {"http_port": -1}})


def test_files_that_cannot_be_read(tmp_path: Path) -> None:
    assert "cannot be read: No such file" in refused(tmp_path / "none.yaml")
    (tmp_path / "latin.yaml").write_bytes(b"log: \xff\n")
    assert "must be text in UTF-8" in refused(tmp_path / "latin.yaml")


@pytest.mark.parametrize(
    "text",
    [
        f'service: {{api_key: "{SECRET}, http_port: 1}}\n',
        f"service:\n  api_key: {SECRET}: x\n",
        f"service:\n  api_key: *{SECRET}\n",
        f"service:\n  api_key: !{SECRET}\n",
        f"service: {{api_key: [{SECRET}]}}\n",
        f"service: {{api_key: {SECRET}, http_port: x}}\n",
        f"service: {SECRET}\n",
        f"{SECRET}\n",
    ],
)
def test_no_refusal_shows_a_key(tmp_path: Path, text: str) -> None:
    assert SECRET not in refused(written(tmp_path, text))


def test_no_repr_shows_a_key() -> None:
    names = ("api_key", "alt_api_key", "read_only_api_key")
    config = load(overrides={"service": dict.fromkeys(names, SECRET)})
    assert all(getattr(config.service, name).get_secret_value() == SECRET for name in names)
    assert SECRET not in f"{config!r} {config} {config.model_dump()} {config.model_dump_json()}"


def test_nothing_can_be_changed() -> None:
    config = load()
    with pytest.raises(ValueError, match="frozen"):
        config.service = config.service  # type: ignore[misc]
    with pytest.raises(ValueError, match="frozen"):
        config.service.http_port = 1  # type: ignore[misc]


def test_the_library_and_its_command_line_do_not_load_what_only_the_server_needs() -> None:
    code = "import sys, tamis, tamis.cli; print({'pydantic', 'pyarrow', 'httptools', 'uvloop'} & {*sys.modules})"
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    assert done.stdout.strip() == "set()"
