"""What has to hold of what is kept; each function names what doesn't."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

from unit_tests.deploy.templates import Stack, Templates


def lost_data(templates: Templates) -> Iterator[str]:
    """Table and bucket survive their stack, and what was written over can be had again."""
    data = Stack(templates["data"])
    for name in ("RegistryTable", "Bucket"):
        resource = data.resources[name]
        if {resource.get("DeletionPolicy"), resource.get("UpdateReplacePolicy")} != {"Retain"}:
            yield f"{name} goes with its stack"
        if any(key in resource["Properties"] for key in ("TableName", "BucketName")):
            yield f"{name} has a name of its own: after a removal it would be in the way of the next stack"
    table = data.properties("RegistryTable")
    if table.get("PointInTimeRecoverySpecification") != {"PointInTimeRecoveryEnabled": True}:
        yield "the table can't be brought back"
    if table.get("DeletionProtectionEnabled") is not True:
        yield "the table can be deleted by accident"
    if data.properties("Bucket").get("VersioningConfiguration") != {"Status": "Enabled"}:
        yield "objects that are replaced are gone"
    (rule,) = data.properties("Bucket")["LifecycleConfiguration"]["Rules"]
    if "NoncurrentVersionExpiration" not in rule or "ExpirationInDays" in rule:
        yield "the bucket grows forever, or rows go"


def open_bucket(templates: Templates) -> Iterator[str]:
    """The bucket is encrypted, not public, and talks TLS only."""
    data = Stack(templates["data"])
    bucket = data.properties("Bucket")
    blocked = bucket.get("PublicAccessBlockConfiguration", {})
    if {key for key, value in blocked.items() if value is True} != {
        "BlockPublicAcls", "BlockPublicPolicy", "IgnorePublicAcls", "RestrictPublicBuckets"
    }:  # fmt: skip
        yield "the bucket may be public"
    if "BucketEncryption" not in bucket:
        yield "the bucket is in plain text"
    if bucket.get("OwnershipControls") != {"Rules": [{"ObjectOwnership": "BucketOwnerEnforced"}]}:
        yield "access lists may give objects away"
    denials = [each for each in _bucket_statements(data) if each["Effect"] == "Deny" and each["Principal"] == "*"]
    plain = [each for each in denials if each["Condition"] == {"Bool": {"aws:SecureTransport": "false"}}]
    if not plain or plain[0]["Action"] != "s3:*" or plain[0]["Resource"] != ["Bucket.Arn", "Bucket.Arn/*"]:
        yield "the bucket talks without TLS"
    if any(each["Effect"] == "Allow" for each in _bucket_statements(data)):
        yield "the bucket's policy lets somebody in"


def told_secrets(templates: Templates) -> Iterator[str]:
    """No secret stands in a template, a parameter or a container's environment."""
    for stack, template in templates.items():
        for name, secret in Stack(template).of("AWS::SecretsManager::Secret"):
            if "SecretString" in secret or "GenerateSecretString" in secret:
                yield f"{stack}: {name} has a value"
        for name in template["Parameters"]:
            if any(word in name.lower() for word in ("token", "password", "secretstring")):
                yield f"{stack}: {name} asks for a secret"


def _bucket_statements(data: Stack) -> list[dict[str, Any]]:
    policy = data.properties("BucketPolicy")
    found: list[dict[str, Any]] = policy["PolicyDocument"]["Statement"] if policy.get("Bucket") == "Bucket" else []
    return found
