"""One sync through PyAirbyte into DuckDB; runs in PyAirbyte's own environment, so it imports nothing of this project.

    python sync.py CONNECTOR CONFIG.json DATABASE.duckdb STREAM...

Prints how many records were read, by stream, as JSON on the last line.
"""

import json
import os
import sys
from pathlib import Path

# Read when PyAirbyte is imported: no registry to ask, nobody to tell.
os.environ["AIRBYTE_OFFLINE_MODE"] = "1"
os.environ["DO_NOT_TRACK"] = "1"

import airbyte
from airbyte.caches import DuckDBCache

connector, config, database, *streams = sys.argv[1:]
source = airbyte.get_source(
    "source-meta-ads",
    config=json.loads(Path(config).read_text(encoding="utf-8")),
    local_executable=Path(connector),
    install_if_missing=False,
)
source.check()
source.select_streams(streams)
result = source.read(cache=DuckDBCache(db_path=database, schema_name="ads"))
print(json.dumps({"records": result.processed_records}))
