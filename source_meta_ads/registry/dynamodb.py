"""A log in a DynamoDB table: one item a version, put only where none is."""

from __future__ import annotations

import json
import uuid
import zlib
from collections.abc import Iterator, Mapping
from typing import Any
from urllib.parse import SplitResult, parse_qs

from source_meta_ads import aws
from source_meta_ads.registry.store import Document, StoreError, Version

# An item holds 400 KB at most; what is larger is cut into parts that are items of their own.
_MOST_BYTES = 350_000
_PART = "part"


class DynamoLog:
    """Versions as items of a table with the key `key` (string, hash) and `number` (number, range).

    Each step is a condition on one item. A large document's parts are written first, under a name nobody else has, so
    that whoever sees the version sees all of it.
    """

    def __init__(self, url: SplitResult) -> None:
        self._table = url.netloc
        self._url = f"registry dynamodb://{self._table}"
        self._client = aws.client("dynamodb", self._url, next(iter(parse_qs(url.query).get("region", [])), None))
        self._check_table()

    def latest(self, key: str) -> Version | None:
        """As VersionLog has it."""
        return next(self._versions(key, 1), None)

    def create(self, key: str, number: int, document: Document) -> bool:
        """As VersionLog has it; an answer that got lost and was asked for again still counts as added."""
        body = zlib.compress(json.dumps(document).encode())
        item: dict[str, Any] = {"key": {"S": key}, "number": {"N": str(number)}}
        parts = self._put_parts(key, body) if len(body) > _MOST_BYTES else None
        item |= {"parts": {"S": parts}} if parts else {"document": {"B": body}}
        refusal, trouble = aws.errors()
        try:
            self._client.put_item(
                TableName=self._table,
                Item=item,
                ConditionExpression="attribute_not_exists(#key)",
                ExpressionAttributeNames={"#key": "key"},
            )
        except (refusal, trouble) as error:
            if aws.code_of(error) != "ConditionalCheckFailedException":
                raise aws.failed(error, self._url) from None
            there = self._get(key, number)
            if there and there.get("parts", {}).get("S") == parts and self._document(there) == json.loads(
                zlib.decompress(body)
            ):  # fmt: skip
                return True
            if parts:
                self._remove(parts, None)
            return False
        return True

    def history(self, key: str) -> Iterator[Version]:
        """As VersionLog has it."""
        yield from self._versions(key, None)

    def keys(self, prefix: str) -> list[str]:
        """As VersionLog has it; reads the whole table's keys."""
        found: set[str] = set()
        more: Mapping[str, Any] = {}
        while True:
            answer = self._call(
                "scan",
                ProjectionExpression="#key",
                FilterExpression="begins_with(#key, :prefix)",
                ExpressionAttributeNames={"#key": "key"},
                ExpressionAttributeValues={":prefix": {"S": prefix}},
                ConsistentRead=True,
                **more,
            )
            found.update(item["key"]["S"] for item in answer["Items"])
            if "LastEvaluatedKey" not in answer:
                return sorted(key for key in found if not key.startswith(f"{_PART}/"))
            more = {"ExclusiveStartKey": answer["LastEvaluatedKey"]}

    def forget(self, key: str, below: int) -> None:
        """As VersionLog has it."""
        self._remove(key, below)

    def _versions(self, key: str, most: int | None) -> Iterator[Version]:
        for item in self._items(key, most, forward=False):
            yield Version(int(item["number"]["N"]), self._document(item))

    def _items(self, key: str, most: int | None, *, forward: bool) -> Iterator[Mapping[str, Any]]:
        more: dict[str, Any] = {"Limit": most} if most else {}
        while True:
            answer = self._call(
                "query",
                KeyConditionExpression="#key = :key",
                ExpressionAttributeNames={"#key": "key"},
                ExpressionAttributeValues={":key": {"S": key}},
                ScanIndexForward=forward,
                ConsistentRead=True,
                **more,
            )
            yield from answer["Items"]
            if most or "LastEvaluatedKey" not in answer:
                return
            more["ExclusiveStartKey"] = answer["LastEvaluatedKey"]

    def _document(self, item: Mapping[str, Any]) -> dict[str, Any]:
        if "document" in item:
            body = bytes(item["document"]["B"])
        else:
            body = b"".join(
                bytes(part["document"]["B"]) for part in self._items(item["parts"]["S"], None, forward=True)
            )
        try:
            document: dict[str, Any] = json.loads(zlib.decompress(body))
        except (zlib.error, ValueError):
            raise StoreError(
                f"{self._url}: {item['key']['S']} version {item['number']['N']} is not whole: remove that item"
            ) from None
        return document

    def _put_parts(self, key: str, body: bytes) -> str:
        """Write a document's parts; the key that they are under."""
        name = f"{_PART}/{key}/{uuid.uuid4().hex}"
        for number, start in enumerate(range(0, len(body), _MOST_BYTES)):
            part = {"B": body[start : start + _MOST_BYTES]}
            self._call("put_item", Item={"key": {"S": name}, "number": {"N": str(number)}, "document": part})
        return name

    def _remove(self, key: str, below: int | None) -> None:
        """Remove a key's items below a number, or all, with the parts that they have."""
        for item in list(self._items(key, None, forward=True)):
            if below is not None and int(item["number"]["N"]) >= below:
                return
            self._call("delete_item", Key={"key": item["key"], "number": item["number"]})
            if "parts" in item:
                self._remove(item["parts"]["S"], None)

    def _get(self, key: str, number: int) -> Mapping[str, Any] | None:
        answer = self._call("get_item", Key={"key": {"S": key}, "number": {"N": str(number)}}, ConsistentRead=True)
        return answer.get("Item")

    def _check_table(self) -> None:
        """Raise StoreError for a table whose key is another: every later call would fail with AWS's words for it."""
        found = {each["AttributeName"]: each["KeyType"] for each in self._call("describe_table")["Table"]["KeySchema"]}
        if found != {"key": "HASH", "number": "RANGE"}:
            raise StoreError(
                f"{self._url}: the table's key is {found}, not key (string, hash) and number (number, range): "
                "make another table, as docs/running.md shows"
            )

    def _call(self, call: str, **arguments: Any) -> Mapping[str, Any]:
        refusal, trouble = aws.errors()
        try:
            answer: Mapping[str, Any] = getattr(self._client, call)(TableName=self._table, **arguments)
        except (refusal, trouble) as error:
            raise aws.failed(error, self._url) from None
        return answer
