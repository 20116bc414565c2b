"""The connector starts without work that nobody needs."""

from __future__ import annotations

import subprocess
import sys


def run(script: str) -> str:
    return subprocess.run([sys.executable, "-c", script], capture_output=True, text=True, check=True).stdout


def test_no_source_code_is_read_for_descriptions_that_nobody_asks_for() -> None:
    read = "import linecache; print(any('airbyte_protocol' in name for name in linecache.cache))"
    assert run(f"import source_meta_ads.run; {read}") == "False\n"
    # What is spared is there: without us it is read.
    assert run(f"import airbyte_cdk.models; {read}") == "True\n"


def test_the_cdk_writes_its_messages_and_others_find_the_function_as_it_was() -> None:
    assert (
        run("""
import attributes_doc, source_meta_ads
from airbyte_cdk.models import AirbyteLogMessage, AirbyteMessage, AirbyteMessageSerializer, Level, Type
message = AirbyteMessage(type=Type.LOG, log=AirbyteLogMessage(level=Level.INFO, message="x"))
print(AirbyteMessageSerializer.dump(message), attributes_doc.get_attributes_doc.__module__)
""")
        == "{'type': 'LOG', 'log': {'level': 'INFO', 'message': 'x'}} attributes_doc._base\n"
    )


def test_an_import_of_the_cdk_before_ours_changes_nothing() -> None:
    assert run("import airbyte_cdk, source_meta_ads; print('fine')") == "fine\n"
