"""References in configurations: found where they may stand, resolved once, explained where they lead nowhere."""

from __future__ import annotations

import json
import threading
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from typing import Any

import pytest

from source_meta_ads.secrets.reference import SecretError
from source_meta_ads.secrets.vault import Vault

ENVIRON = {"TOKEN": "EAAB-secret", "JSON": json.dumps({"access_token": "EAAB-json", "id": 77, "no": None, "yes": True})}


def config(**credentials: Any) -> dict[str, Any]:
    return {"start_date": "2026-11-01", "account_ids": ["1"], "credentials": {"auth_type": "Service", **credentials}}


def resolved(**credentials: Any) -> dict[str, Any]:
    found: dict[str, Any] = Vault(ENVIRON).resolve(config(**credentials))["credentials"]
    return found


def test_references_become_values_and_all_else_stays() -> None:
    given = config(access_token="env://TOKEN", app_secret="plain")
    found = Vault(ENVIRON).resolve(given)
    assert found == config(access_token="EAAB-secret", app_secret="plain")
    assert given["credentials"]["access_token"] == "env://TOKEN"


def test_a_key_of_a_json_object_is_picked_and_numbers_become_text() -> None:
    assert resolved(access_token="env://JSON#access_token", app_id="env://JSON#id") == {
        "auth_type": "Service", "access_token": "EAAB-json", "app_id": "77",
    }  # fmt: skip


def test_keys_at_the_top_of_older_configurations_are_resolved() -> None:
    found = Vault(ENVIRON).resolve({"access_token": "env://TOKEN", "client_id": "5"})
    assert found == {"access_token": "EAAB-secret", "client_id": "5"}


def test_a_file_is_read_without_its_last_line_end(tmp_path: Path) -> None:
    path = tmp_path / "token"
    path.write_text("EAAB-file\n", encoding="utf-8")
    assert resolved(access_token=f"file://{path}")["access_token"] == "EAAB-file"


@pytest.mark.parametrize(
    ("reference", "said"),
    [
        ("env://NOWHERE", "the environment has no NOWHERE"),
        ("env://JSON", "several values (keys: access_token, id, no, yes): add the key"),
        ("env://JSON#token", "has no key 'token' (keys: access_token, id, no, yes)"),
        ("env://JSON#no", "is empty, or no text"),
        ("env://JSON#yes", "is empty, or no text"),
        ("env://TOKEN#key", "is no JSON object: leave out #key"),
        ("file:///nowhere/at/all", "No such file"),
        ("file:///proc", "Is a directory"),
    ],
)
def test_a_reference_that_leads_nowhere_says_why_and_shows_no_value(reference: str, said: str) -> None:
    with pytest.raises(SecretError) as error:
        resolved(access_token=reference)
    text = str(error.value)
    assert text.startswith(f"credentials.access_token: {reference}: ")
    assert said in text
    assert "EAAB" not in text


@pytest.mark.parametrize("place", [{"start_date": "env://TOKEN"}, {"account_ids": ["1", "env://TOKEN"]},
                                   {"custom_insights": [{"name": "file:///etc/passwd"}]}])  # fmt: skip
def test_a_reference_outside_the_credentials_is_refused(place: dict[str, Any]) -> None:
    with pytest.raises(SecretError, match="for credentials only"):
        Vault(ENVIRON).resolve({**config(access_token="t"), **place})


def test_references_are_refused_where_environment_and_roles_belong_to_others() -> None:
    with pytest.raises(SecretError, match="Airbyte Cloud"):
        Vault({**ENVIRON, "DEPLOYMENT_MODE": "CLOUD"}).resolve(config(access_token="env://TOKEN"))
    assert Vault({"DEPLOYMENT_MODE": "cloud"}).resolve(config(access_token="t")) == config(access_token="t")


def test_a_value_is_kept_until_it_is_to_be_forgotten_and_every_one_is_known() -> None:
    environ = dict(ENVIRON)
    vault = Vault(environ)
    given = config(access_token="env://TOKEN")
    vault.resolve(given)
    environ["TOKEN"] = "EAAB-rotated"
    assert vault.resolve(given)["credentials"]["access_token"] == "EAAB-secret"
    vault.forget()
    assert vault.resolve(given)["credentials"]["access_token"] == "EAAB-rotated"
    assert vault.values == ["EAAB-secret", "EAAB-rotated"]


def test_a_document_is_asked_for_once_by_however_many_threads() -> None:
    asked = []
    vault = Vault(ENVIRON)
    vault._stores["env"] = lambda reference: asked.append(reference) or ENVIRON[reference.place]  # type: ignore[func-returns-value]
    given = config(access_token="env://JSON#access_token", app_id="env://JSON#id")
    together = threading.Barrier(8)

    def resolve(_: int) -> Any:
        together.wait(timeout=10)
        return vault.resolve(given)["credentials"]["access_token"]

    with ThreadPoolExecutor(8) as pool:
        assert set(pool.map(resolve, range(8))) == {"EAAB-json"}
    assert len(asked) == 1
