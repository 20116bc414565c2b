"""A plain client of a Graph API: what a person with curl would ask, and what came back."""

from __future__ import annotations

import json
from typing import Any

import requests


class Client:
    """Asks a sandbox, with the token in the header."""

    def __init__(self, url: str) -> None:
        self.url = url

    def answer(self, path: str, token: str | None = "tok-all", **params: Any) -> requests.Response:
        headers = {"Authorization": f"Bearer {token}"} if token else {}
        texts = {key: value if isinstance(value, str) else json.dumps(value) for key, value in params.items()}
        return requests.get(f"{self.url}/{path}", params=texts, headers=headers, timeout=30)

    def get(self, path: str, token: str = "tok-all", **params: Any) -> Any:
        answer = self.answer(path, token, **params)
        assert answer.status_code == 200, answer.text
        return answer.json()

    def error(self, path: str, token: str | None = "tok-all", **params: Any) -> dict[str, Any]:
        answer = self.answer(path, token, **params)
        assert answer.status_code >= 400, answer.text
        return {"status": answer.status_code, **answer.json()["error"]}

    def every(self, path: str, **params: Any) -> list[Any]:
        """All pages, by their cursors."""
        rows: list[Any] = []
        while True:
            body = self.get(path, **params)
            rows += body["data"]
            if "next" not in body.get("paging", {}):
                return rows
            params["after"] = body["paging"]["cursors"]["after"]

    def control(self, path: str, **body: Any) -> Any:
        address = f"{self.url}/_sandbox/{path}"
        answer = requests.post(address, json=body, timeout=30) if body else requests.get(address, timeout=30)
        assert answer.status_code == 200, answer.text
        return answer.json()

    def batch(self, *items: dict[str, Any], **params: str) -> Any:
        form = {"batch": json.dumps(items), **params}
        headers = {"Authorization": "Bearer tok-all"}
        return requests.post(f"{self.url}/v26.0/", data=form, headers=headers, timeout=30).json()
