"""AWS without AWS: a moto server, and what of it a test of a registry or a sink needs."""

from __future__ import annotations

import contextlib
import importlib
import uuid
from collections.abc import Iterator
from typing import Any

import pytest
from moto.server import ThreadedMotoServer

boto3: Any = importlib.import_module("boto3")


@contextlib.contextmanager
def aws_double() -> Iterator[str]:
    """A server, and an environment that leads there; its URL."""
    with pytest.MonkeyPatch.context() as patch:
        for name in ("AWS_ACCESS_KEY_ID", "AWS_SECRET_ACCESS_KEY"):
            patch.setenv(name, "testing")
        patch.setenv("AWS_DEFAULT_REGION", "eu-west-1")
        server = ThreadedMotoServer("127.0.0.1", port=0)
        server.start()
        host, port = server.get_host_and_port()
        patch.setenv("AWS_ENDPOINT_URL", f"http://{host}:{port}")
        try:
            yield f"http://{host}:{port}"
        finally:
            server.stop()


def new_table() -> str:
    """A registry's table; its URL."""
    name = f"registry-{uuid.uuid4().hex}"
    keys = (("key", "S", "HASH"), ("number", "N", "RANGE"))
    boto3.client("dynamodb").create_table(
        TableName=name,
        BillingMode="PAY_PER_REQUEST",
        AttributeDefinitions=[{"AttributeName": key, "AttributeType": kind} for key, kind, _ in keys],
        KeySchema=[{"AttributeName": key, "KeyType": role} for key, _, role in keys],
    )
    return f"dynamodb://{name}"


def new_bucket() -> str:
    """A bucket; the URL of a prefix in it."""
    name = f"bucket-{uuid.uuid4().hex}"
    where = {"LocationConstraint": "eu-west-1"}
    boto3.client("s3").create_bucket(Bucket=name, CreateBucketConfiguration=where)
    return f"s3://{name}/some/prefix"
