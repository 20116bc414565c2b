"""The templates of deploy/ on a moto server, as far as that has CloudFormation; what they make runs the example plan.

moto makes the data, Fargate and Lambda stacks, but for bucket policies, secrets, repositories and schedules, which
unit_tests/deploy looks at; of the network it has no firewall, and leaves routes and subnets apart.
"""

from __future__ import annotations

import fnmatch
import importlib
import io
import ipaddress
import json
import os
from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import Any

import pytest

from integration_tests import runner_world
from integration_tests.runner_world import ACCOUNTS, Held
from integration_tests.test_aws import fetched
from integration_tests.truth import Truth
from source_meta_ads.runners import fargate, lambda_handler
from unit_tests.aws_double import aws_double, boto3
from unit_tests.deploy.policies import as_list
from unit_tests.deploy.runtime import environment
from unit_tests.deploy.templates import DEPLOY, STACKS, Stack, templates

pytestmark = pytest.mark.usefixtures("graph")

WORLD = runner_world.WORLD
ACCOUNT = "123456789012"
# What moto's CloudFormation doesn't have.
_UNKNOWN = {
    "AWS::S3::BucketPolicy", "AWS::SecretsManager::Secret", "AWS::ECR::Repository", "AWS::Scheduler::Schedule",
    "AWS::Lambda::EventInvokeConfig", "AWS::CloudWatch::Alarm", "AWS::SNS::TopicPolicy",
}  # fmt: skip


class Context:
    """An invocation with all of its time before it."""

    def get_remaining_time_in_millis(self) -> int:
        return 900_000


class Deployed:
    """The stacks, and what they put out."""

    def __init__(self) -> None:
        secret = boto3.client("secretsmanager").create_secret(Name="Secret")["ARN"]
        self.outputs = {
            "Secret": secret,
            "Repository": f"{ACCOUNT}.dkr.ecr.eu-west-1.amazonaws.com/meta-ads",
            "RepositoryArn": f"arn:aws:ecr:eu-west-1:{ACCOUNT}:repository/meta-ads",
        }
        self._missing = {"Secret": secret, "Repository.Arn": self.outputs["RepositoryArn"],
                         "Repository.RepositoryUri": self.outputs["Repository"]}  # fmt: skip
        given = {"Image": f"{self.outputs['Repository']}:1", "EgressFirewall": "false"}
        for stack in STACKS:
            self._create(stack, given)

    def _create(self, stack: str, given: Mapping[str, str]) -> None:
        template = self._for_moto(templates()[stack])
        outputs = template.pop("Outputs")
        template["Outputs"] = {name: each for name, each in outputs.items() if not isinstance(each["Value"], str)}
        client = boto3.client("cloudformation")
        values = {**self.outputs, **given}
        client.create_stack(
            StackName=f"ads-{stack}",
            TemplateBody=json.dumps(template),
            Parameters=[
                {"ParameterKey": name, "ParameterValue": values[name]}
                for name in template["Parameters"]
                if name in values
            ],
        )
        (made,) = client.describe_stacks(StackName=f"ads-{stack}")["Stacks"]
        assert made["StackStatus"] == "CREATE_COMPLETE"
        self.outputs |= {each["OutputKey"]: each["OutputValue"] for each in made.get("Outputs", [])}

    def _for_moto(self, value: Any) -> Any:
        if isinstance(value, list):
            return [self._for_moto(each) for each in value]
        if not isinstance(value, dict):
            return value
        if "Resources" in value:
            known = {name: each for name, each in value["Resources"].items() if each["Type"] not in _UNKNOWN}
            value = {**value, "Resources": known}
        name = value.get("Ref", value.get("Fn::GetAtt"))
        if isinstance(name, str) and name in self._missing:
            return self._missing[name]
        if "Fn::GetAtt" in value:
            return {"Fn::GetAtt": value["Fn::GetAtt"].split(".", 1)}
        if "Fn::Select" in value and "Fn::Cidr" in value["Fn::Select"][1]:
            block = ipaddress.ip_network(templates()["network"]["Parameters"]["VpcCidr"]["Default"])
            return str(list(block.subnets(new_prefix=26))[value["Fn::Select"][0]])
        return {key: self._for_moto(each) for key, each in value.items()}


@pytest.fixture(scope="module")
def deployed() -> Iterator[Deployed]:
    with aws_double():
        yield Deployed()


@pytest.fixture
def called(monkeypatch: pytest.MonkeyPatch) -> set[tuple[str, str]]:
    """Each call of AWS that is made: its permission and what it is about."""
    found: set[tuple[str, str]] = set()
    client = importlib.import_module("botocore.client").BaseClient
    make = client._make_api_call

    def note(self: Any, operation: str, arguments: Mapping[str, Any]) -> Any:
        found.add(_permission(self.meta.service_model.service_name, operation, arguments))
        return make(self, operation, arguments)

    monkeypatch.setattr(client, "_make_api_call", note)
    return found


def _permission(service: str, operation: str, arguments: Mapping[str, Any]) -> tuple[str, str]:
    if service == "s3":
        name = "s3:ListBucket" if operation == "ListObjectsV2" else f"s3:{operation}"
        key = f"/{arguments['Key']}" if "Key" in arguments else ""
        return name, f"arn:aws:s3:::{arguments['Bucket']}{key}"
    if service == "dynamodb":
        return f"dynamodb:{operation}", f"arn:aws:dynamodb:eu-west-1:{ACCOUNT}:table/{arguments['TableName']}"
    return f"{service}:{operation}", str(arguments.get("SecretId") or arguments.get("Name"))


def _is_allowed(call: tuple[str, str], policy: Mapping[str, Any]) -> bool:
    return any(
        call[0] in as_list(statement["Action"])
        and any(fnmatch.fnmatchcase(call[1], each) for each in as_list(statement["Resource"]))
        for statement in policy["Statement"]
    )


def put_plan(deployed: Deployed) -> None:
    """The example plan as docs/deploy.md puts it, but for days that the world has."""
    text = (DEPLOY / "plan.yaml").read_text("utf-8")
    for word, output in (("BUCKET", "Bucket"), ("TABLE", "RegistryTable"), ("SECRET", "Secret")):
        text = text.replace(f"//{word}", f"//{deployed.outputs[output]}")
    text = text.replace('start_date: "2026-11-01"', f"start_date: {runner_world.START}")
    boto3.client("s3").put_object(Bucket=deployed.outputs["Bucket"], Key="plans/fargate.yaml", Body=text.encode())
    boto3.client("secretsmanager").put_secret_value(
        SecretId=deployed.outputs["Secret"], SecretString=json.dumps({"access_token": "tok-all"})
    )


def test_a_task_with_the_template_s_environment_runs_the_example_plan_within_its_role(
    deployed: Deployed, truth: Truth, tmp_path: Path, called: set[tuple[str, str]], capsys: pytest.CaptureFixture[str]
) -> None:
    bucket = deployed.outputs["Bucket"]
    made = boto3.client("ecs").describe_task_definition(taskDefinition=deployed.outputs["Task"])["taskDefinition"]
    set_by_aws = {each["name"]: each["value"] for each in made["containerDefinitions"][0]["environment"]}
    assert set(set_by_aws) == set(environment(templates()))
    environ = {**os.environ, **set_by_aws}
    assert fargate.main(environ, io.StringIO()) == 1
    assert f"plan s3://{bucket}/plans/fargate.yaml: there is no such object" in capsys.readouterr().err
    put_plan(deployed)
    called.clear()
    out = io.StringIO()
    assert fargate.main(environ, out) == 0, capsys.readouterr().err
    folder = fetched(f"s3://{bucket}/data", tmp_path)
    sql = "SELECT account_id, count(*) AS rows, sum(spend) AS spend FROM {rows} GROUP BY ALL ORDER BY ALL"
    assert [row["account_id"] for row in Held(folder, "parquet").query(sql, "ads_insights")] == list(ACCOUNTS)
    (ended,) = [line for line in map(json.loads, out.getvalue().splitlines()) if "meta_ads.runs" in line]
    assert ended["status"] == "succeeded"

    client = boto3.client("iam")
    arn = deployed.outputs["RunPolicy"]
    version = client.get_policy(PolicyArn=arn)["Policy"]["DefaultVersionId"]
    policy = client.get_policy_version(PolicyArn=arn, VersionId=version)["PolicyVersion"]["Document"]
    mine = {call for call in called if not call[0].startswith("iam:")}
    assert {name.partition(":")[0] for name, _ in mine} == {"s3", "dynamodb", "secretsmanager"}
    assert [call for call in mine if not _is_allowed(call, policy)] == []
    assert not _is_allowed(("s3:PutObject", f"arn:aws:s3:::{bucket}/plans/fargate.yaml"), policy)


def test_a_function_with_the_template_s_environment_looks_for_the_plan_where_the_docs_put_it(
    deployed: Deployed, monkeypatch: pytest.MonkeyPatch
) -> None:
    variables = Stack(templates()["lambda"], **deployed.outputs).properties("Function")["Environment"]["Variables"]
    for name, value in variables.items():
        monkeypatch.setenv(name, value)
    bucket = deployed.outputs["Bucket"]
    with pytest.raises(OSError, match=rf"plan s3://{bucket}/plans/lambda\.yaml: there is no such object"):
        lambda_handler.handler({}, Context())


def test_the_network_without_a_firewall_has_the_routes_and_endpoints_of_the_template(deployed: Deployed) -> None:
    client = boto3.client("ec2")
    subnets = client.describe_subnets(SubnetIds=deployed.outputs["Subnets"].split(","))["Subnets"]
    assert len({each["AvailabilityZone"] for each in subnets}) == 2
    ours = [{"Name": "vpc-id", "Values": [subnets[0]["VpcId"]]}]
    tables = [each["Routes"] for each in client.describe_route_tables(Filters=ours)["RouteTables"]]
    (app,) = [routes for routes in tables if any(_out(route).startswith("nat-") for route in routes)]
    assert len([route for route in app if "DestinationPrefixListId" in route]) == 2
    assert any(_out(route).startswith("igw-") for routes in tables for route in routes)
    endpoints = client.describe_vpc_endpoints(Filters=ours)["VpcEndpoints"]
    services = {each["ServiceName"].partition("eu-west-1.")[2] for each in endpoints}
    assert services == {"s3", "dynamodb", "secretsmanager", "ssm", "ecr.api", "ecr.dkr", "logs"}


def _out(route: Mapping[str, str]) -> str:
    target = route.get("NatGatewayId") or route.get("GatewayId") or ""
    return target if route.get("DestinationCidrBlock") == "0.0.0.0/0" else ""
