"""A file that Airbyte hands over and that can't be read is named, with what is wrong, in one sentence."""

from __future__ import annotations

from pathlib import Path

import pytest

from integration_tests.connector import printed

GOOD = {
    "config": '{"credentials": {"access_token": "token-of-files"}, "account_ids": ["1"]}',
    "catalog": '{"streams": []}',
    "state": "[]",
}


@pytest.mark.parametrize(
    ("file", "content", "complaint"),
    [
        ("config", "{", "config.json: not JSON: "),
        ("config", "[1]", "config.json: a configuration is a JSON object, this is list"),
        ("catalog", "{", "catalog.json: not JSON: "),
        ("catalog", '{"streams": [{"stream": {"name": "ads"}}]}', "catalog.json: not a configured catalog: "),
        ("state", "{", "state.json: not JSON: "),
        ("state", '[{"type": "STREAM", "stream": {"stream_state": {}}}]', "state.json: not a state: "),
    ],
)
def test_it_is_named_with_what_is_wrong(tmp_path: Path, file: str, content: str, complaint: str) -> None:
    arguments = ["read"]
    for name, text in {**GOOD, file: content}.items():
        path = tmp_path / f"{name}.json"
        path.write_text(text, encoding="utf-8")
        arguments += [f"--{name}", str(path)]
    output = printed(arguments)
    assert output.exit_code == 1
    assert any(complaint in error for error in output.errors), output.errors
    assert "Traceback" not in output.text
