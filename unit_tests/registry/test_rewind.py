"""A state that is taken back to a day makes everything since then be read again, and nothing else."""

from __future__ import annotations

from datetime import date
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from source_meta_ads.registry.rewind import rewound

DAY = date(2026, 11, 1)


@pytest.mark.parametrize(
    ("entry", "expected"),
    [
        (
            {"date_start": "2026-11-20", "slices": ["2026-11-22"], "slices_read_on": "2026-11-24", "rows_per_day": 3.0},
            {"date_start": "2026-11-01", "rows_per_day": 3.0},
        ),
        ({"date_start": "2026-11-20", "runs": [{"id": "1"}]}, {"date_start": "2026-11-01"}),
        (
            {"updated_time": "2026-11-20T10:00:00-0800", "filter_statuses": ["ACTIVE"]},
            {"updated_time": "2026-11-01T00:00:00+00:00", "filter_statuses": ["ACTIVE"]},
        ),
        ({"event_time": "2026-11-20T10:00:00+0000"}, {"event_time": "2026-11-01T00:00:00+00:00"}),
        ({"updated_time": "2026-11-20T10:00:00-0800", "fingerprint": "zz"}, {"fingerprint": "zz"}),
    ],
)
def test_a_cursor_goes_back_to_the_day(entry: dict[str, Any], expected: dict[str, Any]) -> None:
    before = dict(entry)
    assert rewound(entry, DAY) == expected
    assert entry == before


@pytest.mark.parametrize(
    "entry",
    [{"date_start": "2026-10-31"}, {"updated_time": "2026-10-31T23:59:59+00:00"}, {}, {"runs": [], "date_start": None}],
)
def test_what_stands_before_the_day_stays(entry: dict[str, Any]) -> None:
    assert rewound(entry, DAY) is None


@given(st.dates(date(2024, 1, 1), date(2027, 1, 1)), st.dates(date(2024, 1, 1), date(2027, 1, 1)))
def test_a_cursor_never_goes_forward(cursor: date, day: date) -> None:
    entry = rewound({"date_start": cursor.isoformat()}, day)
    assert (entry["date_start"] if entry else cursor.isoformat()) == min(cursor, day).isoformat()
