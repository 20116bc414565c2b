"""A question that Meta refuses for a field it doesn't know any more, put again without it."""

from __future__ import annotations

import re
from collections.abc import Iterator
from dataclasses import replace

from source_meta_ads.graph.errors import BadRequest, GraphError
from source_meta_ads.insights.job import Job
from source_meta_ads.insights.pieces import Read, Rows

# Meta: no page documents it; the words are those of production logs, unchanged for years.
_UNKNOWN = re.compile(r"\(#100\) ([\w.:]+(?:, ?[\w.:]+)*) (?:is|are) not valid for fields param")


def without_unknown(job: Job, error: GraphError) -> Job | None:
    """The question without the fields that the refusal calls unknown; None where it is about anything else.

    Without a column of its key a row is none, so a refused key column is not left out.
    """
    if not isinstance(error, BadRequest):
        return None
    named = {name for match in _UNKNOWN.findall(error.message) for name in re.split(r", ?", match)}
    unknown = named & set(job.fields)
    if not unknown or unknown & set(job.report.primary_key):
        return None
    return replace(job, fields=tuple(name for name in job.fields if name not in unknown), known_run=None)


def left_out(job: Job, rows: Rows | None) -> frozenset[str]:
    """The fields of a question that its answer was not asked for."""
    asked = {name for each in _jobs(rows) for name in each.fields} if rows else set(job.fields)
    return frozenset(job.fields) - asked


def _jobs(rows: Rows) -> Iterator[Job]:
    if isinstance(rows, Read):
        yield rows.job
    else:
        for part in rows.parts:
            yield from _jobs(part)
