"""Numbers as people read them; texts as nothing but text."""

from __future__ import annotations

import pytest

from source_meta_ads.reporting.tables import Column, counted, money, seconds, size, table


@pytest.mark.parametrize(
    ("written", "text"),
    [
        (money(1234.5, "USD"), "1,234.50 USD"),
        (money(-0.5, "EUR", is_signed=True), "-0.50 EUR"),
        (money(201000, "JPY", is_signed=True), "+201,000 JPY"),
        (money(3, ""), "3.00"),
        (seconds(3.21), "3.2 s"),
        (seconds(61), "1 min 1 s"),
        (seconds(7322), "2 h 2 min"),
        (size(999), "999 B"),
        (size(1_500_000), "1.5 MB"),
        (size(5e13), "50000.0 GB"),
        (counted(1, "day"), "1 day"),
        (counted(1000, "day"), "1,000 days"),
    ],
)
def test_amounts_are_written_as_people_read_them(written: str, text: str) -> None:
    assert written == text


def test_a_table_escapes_its_cells_and_counts_what_it_leaves_out() -> None:
    html = table((Column("Name", is_wide=True), Column("N", is_number=True)), [("<x>", "1")] * 5, most=2)
    assert html.count("&lt;x&gt;") == 2
    assert "<x>" not in html
    assert "and 3 more" in html
    assert 'class="n" data-name="N"' in html
