"""Where calls may go."""

from __future__ import annotations

import pytest

from source_meta_ads.graph.endpoint import META_URL, VARIABLE, graph_url


def test_meta_is_the_default() -> None:
    assert graph_url({}) == graph_url({VARIABLE: " "}) == META_URL


@pytest.mark.parametrize(
    ("url", "base"),
    [
        ("https://proxy.example.com/graph/", "https://proxy.example.com/graph"),
        ("http://127.0.0.1:8080", "http://127.0.0.1:8080"),
        ("http://[::1]:8080/", "http://[::1]:8080"),
        ("http://localhost:9", "http://localhost:9"),
    ],
)
def test_https_anywhere_and_http_on_this_machine_are_accepted(url: str, base: str) -> None:
    assert graph_url({VARIABLE: url}) == base


@pytest.mark.parametrize(
    "url",
    ["http://graph.example.com", "http://10.0.0.1", "ftp://127.0.0.1", "https://", "graph.facebook.com", "http://"],
)
def test_anything_that_would_send_the_token_in_the_clear_is_refused(url: str) -> None:
    with pytest.raises(ValueError, match="https"):
        graph_url({VARIABLE: url})
