"""Secrets are nowhere in what a command prints, whatever goes wrong: canaries go down every path and are looked for."""

from __future__ import annotations

import base64
import gzip
import json
import os
import socket
import subprocess
import sys
from collections.abc import Callable, Iterator, Mapping
from pathlib import Path
from typing import Any
from urllib.parse import quote, quote_plus

import pytest

from integration_tests.canaries import APP_SECRET, CANARIES, CLIENT_SECRET, SIGNED, TOKEN, forms, leaks
from integration_tests.collector import collector
from integration_tests.connector import Output, configure
from integration_tests.rereader import Rereader
from integration_tests.sandbox.fault_rules import KINDS
from integration_tests.sandbox.server import serve_in_thread
from integration_tests.truth import Truth
from source_meta_ads.commands import execute

CREDENTIALS: dict[str, dict[str, Any]] = {
    "system user": {"credentials": {"auth_type": "Service", "access_token": TOKEN, "app_secret": APP_SECRET}},
    "app and user": {
        "credentials": {
            "auth_type": "Client", "client_id": "77", "client_secret": CLIENT_SECRET, "access_token": TOKEN,
        }
    },
    "legacy keys": {"access_token": TOKEN, "client_id": "77", "client_secret": CLIENT_SECRET},
}  # fmt: skip
HASTE = 2000
WORLD: dict[str, Any] = {
    "seed": 3,
    "clock": {"now": "2026-11-24T15:01:00Z", "speed": 0},
    "jobs": {"seconds": [0.0, 0.01]},
    "tokens": [{"token": TOKEN, "app_id": "77", "scopes": ["ads_read"]}],
    "accounts": [
        {"id": each, "campaigns": 2, "adsets_per_campaign": 1, "ads_per_adset": 1} for each in ("1001", "1002")
    ],
}
STREAMS = ("campaigns", "ads", "ads_insights")
SCRIPT = Path(sys.executable).parent / "source-meta-ads"


@pytest.fixture(scope="module")
def sandbox() -> Iterator[Truth]:
    handle = serve_in_thread(WORLD)
    yield Truth(handle.url)
    handle.stop()


@pytest.fixture(scope="module")
def reader(sandbox: Truth) -> Rereader:
    """Reads with a system user's token and an app secret."""
    connector = Rereader(sandbox.url, {**CREDENTIALS["system user"], "start_date": "2026-11-22"}, HASTE)
    connector.streams()
    return connector


@pytest.fixture
def no_leak(capfd: pytest.CaptureFixture[str]) -> Callable[[Output], Output]:
    """Looks through all that a command printed, to stdout by the connector and to the file descriptors by anyone."""

    def looked_through(output: Output) -> Output:
        printed = capfd.readouterr()
        assert leaks(output.text) == []
        assert leaks(printed.out) == []
        assert leaks(printed.err) == []
        assert leaks(json.dumps(output.state)) == []
        return output

    return looked_through


Look = Callable[[Output], Output]


@pytest.mark.parametrize("form", forms(TOKEN))
@pytest.mark.parametrize("name", CANARIES)
def test_a_leak_would_be_found(name: str, form: str) -> None:
    assert leaks(f"something {forms(CANARIES[name])[form]} or other")


@pytest.mark.parametrize("kind", CREDENTIALS)
def test_what_goes_well_shows_no_secret(sandbox: Truth, reader: Rereader, no_leak: Look, kind: str) -> None:
    sandbox.set_faults()
    connector = reader.with_whole_config({**CREDENTIALS[kind], "start_date": "2026-11-22"})
    assert no_leak(connector.check()).of("connectionStatus") == [{"status": "SUCCEEDED"}]
    assert no_leak(connector.discover()).exit_code == 0
    assert no_leak(connector.read(STREAMS)).exit_code == 0


CREDENTIAL = CREDENTIALS["system user"]["credentials"]
BAD: dict[str, dict[str, Any]] = {
    "a bad date": {"start_date": "soon"},
    "a token that is no text": {"credentials": {**CREDENTIAL, "access_token": [TOKEN]}},
    "a token in an object": {"credentials": {**CREDENTIAL, "access_token": {"value": TOKEN}}},
    "a secret that is no text": {"credentials": {**CREDENTIAL, "app_secret": {"value": APP_SECRET}}},
    "credentials that are the token": {"credentials": TOKEN},
    "credentials in a list": {"credentials": [CREDENTIAL]},
    "an unknown kind of credentials": {"credentials": {**CREDENTIAL, "auth_type": "OAuth"}},
    "a kind of credentials that is the secret": {"credentials": {**CREDENTIAL, "auth_type": APP_SECRET}},
    "a secret under a misspelt key": {"credentials": {"auth_type": "Service", "acces_token": TOKEN}},
    "everything wrong": {**CREDENTIALS["legacy keys"], "credentials": None, "start_date": 1, "page_size": "many"},
}


@pytest.mark.parametrize("kind", BAD)
def test_a_bad_configuration_is_explained_without_its_secrets(reader: Rereader, no_leak: Look, kind: str) -> None:
    broken = reader.with_whole_config({**reader.config, **BAD[kind]})
    (status,) = no_leak(broken.check()).of("connectionStatus")
    assert status["status"] == "FAILED"
    assert no_leak(broken.discover()).exit_code == 1
    assert no_leak(broken.read(["campaigns"])).exit_code == 1


OPTIONS: Mapping[str, dict[str, Any]] = {
    "error": {"error": "unavailable"}, "ok_with_error": {"error": "token_expired"}, "stall": {"seconds": 0.05},
    "too_much_rows": {"limit": 1}, "short_page": {"limit": 1}, "field_refused": {"fields": ["name", "spend"]},
    "redirect": {"to": f"https://example.com/?access_token={quote(TOKEN, safe='')}"}, "oversize": {"bytes": 100},
}  # fmt: skip


@pytest.mark.parametrize("kind", KINDS)
def test_no_fault_shows_a_secret(sandbox: Truth, reader: Rereader, no_leak: Look, kind: str) -> None:
    everywhere = {"edge": ["campaigns", "ads", "insights"]}
    pages = [{"kind": "short_page", "limit": 1, **everywhere}] if kind in ("cursor_expired", "duplicate_rows") else []
    sandbox.set_faults(*pages, {"kind": kind, **OPTIONS.get(kind, {}), **everywhere})
    no_leak(reader.check())
    no_leak(reader.read(STREAMS))
    assert sandbox.fault_hits() > 0


SAID = {
    "token": f"Error validating access token: {TOKEN}",
    "call": f"GET https://graph.facebook.com/v26.0/act_1/ads?access_token={quote(TOKEN, safe='')}"
    f"&appsecret_proof={SIGNED[APP_SECRET]}",
    "header": f'{{"Authorization": "Bearer {TOKEN}"}}',
    "escaped": json.dumps({"access_token": TOKEN, "client_secret": APP_SECRET}),
    "escaped again": json.dumps(json.dumps({"input_token": TOKEN, "secret": APP_SECRET})),
    "secret": f"secret {APP_SECRET} of app 77 does not sign {SIGNED[APP_SECRET]}",
    "form": f"fb_exchange_token={quote_plus(TOKEN)}&client_secret={quote_plus(APP_SECRET)}",
    "repr": repr({"access_token": TOKEN, "app_secret": APP_SECRET}),
    "base64": base64.b64encode(f"77|{APP_SECRET}:{TOKEN}".encode()).decode(),
}
# By which way an error goes: raised at once, retried and given up, waited for, found at a report, in a status 200.
WAYS: dict[str, dict[str, Any]] = {
    "refused": {"kind": "error", "code": 190, "subcode": 463},
    "passing": {"kind": "error", "code": 2},
    "limited": {"kind": "error", "code": 17, "subcode": 2446079, "times": 3},
    "unknown code": {"kind": "error", "code": 100},
    "in a 200": {"kind": "ok_with_error", "code": 200},
}


# Every wording by one way, and every way with two.
PAIRS = [(said, way) for said in SAID for way in WAYS if way == "refused" or said in ("call", "escaped")]


@pytest.mark.parametrize(("said", "way"), PAIRS)
def test_a_message_of_metas_that_holds_a_secret_is_masked(
    sandbox: Truth, reader: Rereader, no_leak: Look, said: str, way: str
) -> None:
    words = {"message": SAID[said], "user_title": SAID[said], "user_msg": SAID[said]}
    sandbox.set_faults({**WAYS[way], **words, "edge": ["campaigns", "ads"], "account": "1001"})
    output = no_leak(reader.check())
    assert output.of("connectionStatus")[0]["status"] == "FAILED"
    no_leak(reader.read(["campaigns", "ads"]))
    assert sandbox.fault_hits() > 0


def test_a_report_that_fails_with_a_secret_in_its_words_is_masked(
    sandbox: Truth, reader: Rereader, no_leak: Look
) -> None:
    for code in (2, 100, 190):
        sandbox.set_faults({"kind": "error", "code": code, "message": SAID["token"], "edge": "insights"})
        assert no_leak(reader.read(["ads_insights"])).exit_code == 1


def test_a_token_that_meta_does_not_let_inspect_itself_is_masked(
    sandbox: Truth, reader: Rereader, no_leak: Look
) -> None:
    sandbox.set_faults({"kind": "error", "code": 190, "message": SAID["call"], "edge": "debug_token"})
    no_leak(reader.check())
    sandbox.set_faults({"kind": "reset", "edge": "debug_token"})
    no_leak(reader.check())


def test_a_refused_connection_shows_no_secret(reader: Rereader, no_leak: Look) -> None:
    with socket.socket() as free:
        free.bind(("127.0.0.1", 0))
        port = free.getsockname()[1]
    away = reader.elsewhere(f"http://127.0.0.1:{port}")
    assert no_leak(away.check()).of("connectionStatus")[0]["status"] == "FAILED"
    assert no_leak(away.read(STREAMS)).exit_code == 1


class Process:
    """The console script in a process of its own, whose every last word is looked through."""

    def __init__(self, url: str, folder: Path, config: Any, streams: Mapping[str, dict[str, Any]]) -> None:
        self._environment = {**os.environ, "META_GRAPH_URL": url}
        catalog = {"streams": [configure(streams[name]) for name in STREAMS]}
        self.files = {"config": json.dumps(config), "catalog": json.dumps(catalog), "state": "[]"}
        self._folder = folder

    def run(self, command: str, *names: str, options: tuple[str, ...] = (), **environment: str) -> int:
        arguments = [str(SCRIPT), command, *options]
        for name in names:
            path = self._folder / f"{name}.json"
            path.write_text(self.files[name], encoding="utf-8")
            arguments += [f"--{name}", str(path)]
        ended = subprocess.run(
            arguments,
            env={**self._environment, **environment},
            capture_output=True,
            text=True,
            timeout=120,
            check=False,
        )
        assert leaks(ended.stdout) == []
        assert leaks(ended.stderr) == []
        assert ended.stdout
        return ended.returncode


@pytest.fixture
def process(sandbox: Truth, reader: Rereader, tmp_path: Path) -> Process:
    sandbox.set_faults()
    return Process(sandbox.url, tmp_path, dict(reader.config), reader.streams())


def test_debugging_shows_no_secret(sandbox: Truth, process: Process) -> None:
    assert process.run("read", "config", "catalog", options=("--debug",)) == 0
    process.run("check", "config", options=("--debug",), LOG_LEVEL="DEBUG")
    fault = {"kind": "error", "code": 190, "message": SAID["call"], "edge": ["campaigns", "ads", "insights"]}
    sandbox.set_faults(fault)
    assert process.run("read", "config", "catalog", options=("--debug",), LOG_LEVEL="debug") == 1


BROKEN_FILES = {
    "a state that is not JSON": ("state", '[{"type": "STREAM"'),
    "a state that is no list": ("state", json.dumps({"campaigns": 1})),
    "a state whose cursor is no moment": (
        "state",
        json.dumps(
            [
                {
                    "type": "STREAM",
                    "stream": {
                        "stream_descriptor": {"name": "campaigns"},
                        "stream_state": {"1001": {"updated_time": "yesterday"}},
                    },
                }
            ]
        ),
    ),
    "a catalog that is not JSON": ("catalog", '{"streams": ['),
    "a catalog that is no catalog": ("catalog", json.dumps({"streams": [{"stream": 1}]})),
    "a configuration that is not JSON": ("config", f'{{"access_token": {json.dumps(TOKEN)}'),
    "a configuration that is a list": ("config", json.dumps([TOKEN, APP_SECRET])),
}


@pytest.mark.parametrize("kind", BROKEN_FILES)
def test_an_exception_that_nobody_catches_shows_no_secret(process: Process, kind: str) -> None:
    name, content = BROKEN_FILES[kind]
    process.files[name] = content
    assert process.run("read", "config", "catalog", "state") != 0


# Where secrets go since they are kept elsewhere, exchanged, recorded and exported.

REFERENCES = {"access_token": "env://CANARY_TOKEN", "app_secret": "env://CANARY_JSON#app_secret"}
SHORT_LIVED: dict[str, Any] = {
    **WORLD,
    "tokens": [
        {"token": TOKEN, "kind": "USER", "app_id": "77", "app_secret": CLIENT_SECRET, "scopes": ["ads_read"],
         "expires_at": "2026-11-24T17:00:00Z"},
    ],
}  # fmt: skip


@pytest.fixture
def elsewhere(monkeypatch: pytest.MonkeyPatch) -> None:
    """The secrets in the environment, for references to lead to."""
    monkeypatch.setenv("CANARY_TOKEN", TOKEN)
    monkeypatch.setenv("CANARY_JSON", json.dumps({"app_secret": APP_SECRET, "token": TOKEN}))


def referring(reader: Rereader, **changes: str) -> Rereader:
    credentials = {"auth_type": "Service", **REFERENCES, **changes}
    return reader.with_whole_config({"credentials": credentials, "start_date": "2026-11-22"})


@pytest.mark.parametrize(("said", "way"), [(said, "refused") for said in SAID] + [("call", way) for way in WAYS])
def test_a_secret_behind_a_reference_is_masked_like_one_in_the_configuration(
    sandbox: Truth, reader: Rereader, no_leak: Look, elsewhere: None, said: str, way: str
) -> None:
    words = {"message": SAID[said], "user_title": SAID[said], "user_msg": SAID[said]}
    sandbox.set_faults({**WAYS[way], **words, "edge": ["campaigns", "ads"], "account": "1001"})
    output = no_leak(referring(reader).check())
    assert output.of("connectionStatus")[0]["status"] == "FAILED"
    no_leak(referring(reader).read(["campaigns", "ads"]))
    assert sandbox.fault_hits() > 0


@pytest.mark.parametrize(
    "reference",
    ["env://CANARY_NOWHERE", "env://CANARY_JSON", "env://CANARY_JSON#nothing", "env://CANARY_TOKEN#key", "env://"],
)
def test_a_reference_that_leads_nowhere_shows_no_secret(
    sandbox: Truth, reader: Rereader, no_leak: Look, elsewhere: None, reference: str
) -> None:
    sandbox.set_faults()
    output = no_leak(referring(reader, app_secret=reference).check())
    (status,) = output.of("connectionStatus")
    assert status["status"] == "FAILED"
    assert reference in status["message"]


REFUSED = [{"kind": "error", "code": 1, "message": SAID["form"], "params": {"client_id": "77"}}]
EXCHANGES: list[list[dict[str, Any]]] = [
    [], [{"kind": "error", "code": 190, "message": SAID["form"], "edge": ["campaigns"]}], REFUSED,
]  # fmt: skip


@pytest.mark.parametrize("mode", ["off", "run", "save"])
def test_an_exchange_shows_no_secret_but_to_airbyte(no_leak: Look, mode: str) -> None:
    handle = serve_in_thread(SHORT_LIVED)
    try:
        credentials = {**CREDENTIALS["app and user"]["credentials"], "long_lived_exchange": mode}
        connector = Rereader(handle.url, {"credentials": credentials, "start_date": "2026-11-22"}, HASTE)
        no_leak(connector.check())
        for fault in EXCHANGES:
            Truth(handle.url).set_faults(*fault)
            output = connector.read(["campaigns"])
            assert bool(output.of("control")) == (mode == "save" and fault != REFUSED)
            told = [line for line in output.text.split("\n") if '"type":"CONTROL"' not in line]
            no_leak(Output(output.exit_code, "\n".join(told), output.messages))
    finally:
        handle.stop()


@pytest.mark.parametrize("said", SAID)
def test_recordings_and_their_pages_hold_no_secret(
    sandbox: Truth, reader: Rereader, no_leak: Look, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, said: str
) -> None:
    monkeypatch.setenv("META_ADS_RECORD", f"{tmp_path}/")
    words = {"message": SAID[said], "user_title": SAID[said], "user_msg": SAID[said]}
    sandbox.set_faults({"kind": "error", "code": 100, **words, "edge": ["campaigns", "insights"]})
    assert no_leak(reader.read(STREAMS)).exit_code == 1
    (recording,) = tmp_path.glob("*.json")
    text = recording.read_text(encoding="utf-8")
    assert json.loads(text)["errors"]
    assert leaks(text) == []
    assert execute(["report", str(recording), "--to", str(tmp_path / "page.html")]) == 0
    assert leaks((tmp_path / "page.html").read_text(encoding="utf-8")) == []


@pytest.mark.parametrize("mode", ["taking", "refusing"])
def test_collectors_get_no_secret_and_their_own_is_not_shown(
    sandbox: Truth, reader: Rereader, no_leak: Look, monkeypatch: pytest.MonkeyPatch, mode: str
) -> None:
    sandbox.set_faults({"kind": "error", "code": 190, "message": SAID["call"], "edge": ["ads"]})
    with collector(mode) as server:
        monkeypatch.setenv("OTEL_EXPORTER_OTLP_ENDPOINT", server.url)
        monkeypatch.setenv("OTEL_EXPORTER_OTLP_HEADERS", f"authorization={quote(APP_SECRET, safe='')}")
        no_leak(reader.read(STREAMS))
        assert server.got
        for _, _, body in server.got:
            sent = gzip.decompress(body) if body[:2] == b"\x1f\x8b" else body
            assert leaks(sent.decode("latin-1")) == []
