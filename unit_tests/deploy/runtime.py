"""What has to hold of the task, the function, their schedules and logs; each function names what doesn't."""

from __future__ import annotations

import importlib
import inspect
import re
from collections.abc import Iterator
from pathlib import Path
from typing import Any

from source_meta_ads.manifest import manifest
from source_meta_ads.runners import fargate, lambda_handler
from unit_tests.deploy.templates import ROOT, STACKS, Stack, Templates

# What boto3 itself reads: the region, which Lambda sets, and whether DynamoDB gets a name of the account's own.
_REGION = {"AWS_DEFAULT_REGION"}
_ENDPOINT = {"AWS_ACCOUNT_ID_ENDPOINT_MODE"}
_PYTHON = "/opt/connector/bin/python"


def task(templates: Templates) -> dict[str, Any]:
    """The task's one container."""
    (container,) = Stack(templates["fargate"]).properties("Task")["ContainerDefinitions"]
    return dict(container)


def environment(templates: Templates) -> dict[str, str]:
    """What the container's environment is made of."""
    return {each["Name"]: each["Value"] for each in task(templates)["Environment"]}


def wrong_entries(templates: Templates) -> Iterator[str]:
    """Both start what the package has, with the interpreter that the image has."""
    command = [*task(templates)["EntryPoint"], *task(templates).get("Command", [])]
    if command != [_PYTHON, "-m", fargate.__name__]:
        yield f"the task starts {command}"
    if '__name__ == "__main__"' not in inspect.getsource(fargate):
        yield f"{fargate.__name__} can't be started"
    image = Stack(templates["lambda"]).properties("Function")["ImageConfig"]
    if image["EntryPoint"] != [_PYTHON, "-m", "awslambdaric"]:
        yield f"the function starts {image['EntryPoint']}"
    where, _, name = ".".join(image["Command"]).rpartition(".")
    handler = getattr(importlib.import_module(where), name, None) if where == lambda_handler.__name__ else None
    if handler is None or list(inspect.signature(handler).parameters) != ["event", "context"]:
        yield f"{image['Command']} is no handler"
    if f"{Path(_PYTHON).parent}:" not in (ROOT / "Dockerfile").read_text("utf-8"):
        yield f"the image has no {_PYTHON}"


def wrong_environment(templates: Templates) -> Iterator[str]:
    """The environment has what the code reads, and nothing that it doesn't."""
    function = Stack(templates["lambda"]).properties("Function")["Environment"]["Variables"]
    read: Any = importlib.import_module("botocore.configprovider").BOTOCORE_DEFAUT_SESSION_VARIABLES
    if not {*_REGION, *_ENDPOINT} <= {str(variable) for _, variable, _, _ in read.values()}:
        yield "boto3 reads other variables"
    for name, found, own in (("fargate", environment(templates), _REGION), ("lambda", function, set[str]())):
        if set(found) != {fargate.PLAN_VARIABLE, *_ENDPOINT, *own}:
            yield f"{name} has {sorted(found)}"
        elif found["AWS_ACCOUNT_ID_ENDPOINT_MODE"] != "disabled":
            yield f"{name} asks DynamoDB where no endpoint leads"
        elif fargate.plan_place(found) != f"s3://Bucket/plans/{name}.yaml":
            yield f"{name} looks for its plan at {found[fargate.PLAN_VARIABLE]}"


def wrong_time(templates: Templates) -> Iterator[str]:
    """Lambda's time is what Lambda has, with room for work before the spare; Fargate's end waits as long as it may."""
    function = Stack(templates["lambda"]).properties("Function")
    if not 2 * lambda_handler.SPARE_SECONDS < function["Timeout"] <= 900:
        yield f"the function has {function['Timeout']} s"
    if function.get("ReservedConcurrentExecutions") != 1:
        yield "the function may run twice at once"
    if task(templates).get("StopTimeout") != 120:
        yield "the task is killed early"


def wrong_runners(templates: Templates) -> Iterator[str]:
    """What the manifest says runs the connector, and no other, is deployed, privately."""
    supported = set(manifest().runtime.supported_runners)
    if supported != set(STACKS) - {"data", "network", "alarms"}:
        yield f"the manifest supports {supported}"
    schedule = Stack(templates["fargate"]).properties("TaskSchedule")["Target"]
    network = schedule["EcsParameters"]["NetworkConfiguration"]["AwsvpcConfiguration"]
    if network != {"Subnets": "Subnets", "SecurityGroups": ["SecurityGroup"], "AssignPublicIp": "DISABLED"}:
        yield f"the task runs in {network}"
    if (schedule["Arn"], schedule["EcsParameters"]["TaskDefinitionArn"]) != ("Cluster.Arn", "Task"):
        yield "the schedule starts another task"
    function = Stack(templates["lambda"])
    if function.properties("Function")["VpcConfig"] != {"SubnetIds": "Subnets", "SecurityGroupIds": ["SecurityGroup"]}:
        yield "the function runs in another network"
    if function.properties("FunctionSchedule")["Target"]["Arn"] != "Function.Arn":
        yield "the schedule starts another function"
    for size in ("small", "medium", "large"):
        properties = Stack(templates["fargate"], FargateSize=size).properties("Task")
        cpu, memory = int(properties["Cpu"]), int(properties["Memory"])
        # AWS: Fargate takes 2 to 8 times a CPU's 1024 units as MiB of memory, in steps of 1024 (read 2026-11).
        if not 2 * cpu <= memory <= 8 * cpu or memory % 1024:
            yield f"{size}: Fargate has no {cpu} with {memory}"


def lost_events(templates: Templates) -> Iterator[str]:
    """What can't be delivered, and what failed for good, is kept."""
    for stack, schedule in (("fargate", "TaskSchedule"), ("lambda", "FunctionSchedule")):
        target = Stack(templates[stack]).properties(schedule)["Target"]
        if target.get("DeadLetterConfig") != {"Arn": "DeadLettersArn"}:
            yield f"{schedule} loses events"
    retries = Stack(templates["lambda"]).properties("FunctionRetries")
    if (retries.get("FunctionName"), retries.get("DestinationConfig")) != (
        "Function", {"OnFailure": {"Destination": "DeadLettersArn"}}
    ):  # fmt: skip
        yield "the function loses events"
    queue = Stack(templates["data"]).properties("DeadLetters")
    if (queue.get("MessageRetentionPeriod"), queue.get("SqsManagedSseEnabled")) != (1209600, True):
        yield "lost events are not kept long, or in plain sight"


def lost_logs(templates: Templates) -> Iterator[str]:
    """Every log group has an end, and is where what writes to it looks for it."""
    for stack, template in templates.items():
        for name, group in Stack(template).of("AWS::Logs::LogGroup"):
            if not str(group.get("RetentionInDays", "")).isdigit():
                yield f"{stack}: {name} is kept forever"
    options = task(templates)["LogConfiguration"]["Options"]
    function = Stack(templates["lambda"]).properties("Function").get("LoggingConfig", {})
    # JSON would put metrics into a field of its own lines, where CloudWatch doesn't look for them.
    if (function.get("LogGroup"), function.get("LogFormat")) != ("FunctionLogs", "Text"):
        yield f"the function logs to {function}"
    if options.get("awslogs-group") != "TaskLogs":
        yield f"the task logs to {options}"
    network = Stack(templates["network"])
    for _, logging in network.of("AWS::NetworkFirewall::LoggingConfiguration"):
        (destination,) = logging["LoggingConfiguration"]["LogDestinationConfigs"]
        if destination["LogDestination"] != {"logGroup": "FirewallLogs"} or destination["LogType"] != "ALERT":
            yield f"the firewall logs to {destination}"


def unknown_parameters(templates: Templates) -> Iterator[str]:
    """What a template needs another one puts out under the same name, and stacks come in that order."""
    given: set[str] = set()
    for stack in STACKS:
        parameters = templates[stack]["Parameters"]
        needed = {name for name, each in parameters.items() if "Default" not in each}
        if missing := needed - given - {"Image"}:
            yield f"{stack} needs {sorted(missing)}"
        unused = [name for name in parameters if not re.search(rf"(?:Ref: |!Ref |\$\{{){name}\b", _text(stack))]
        if unused:
            yield f"{stack} has no use for {unused}"
        given |= set(templates[stack]["Outputs"])


def _text(stack: str) -> str:
    return (ROOT / "deploy" / f"{stack}.yaml").read_text("utf-8")
