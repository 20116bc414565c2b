"""What has to hold of roles and policies; each function names what doesn't."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

from unit_tests.deploy.calls import actions
from unit_tests.deploy.templates import Stack, Templates

# What AWS does with a role, beside the connector's own calls. AWS: task execution role of ECS, execution role and VPC
# of Lambda, targets of EventBridge Scheduler.
STARTS_TASKS = {
    "ecr:GetAuthorizationToken", "ecr:BatchCheckLayerAvailability", "ecr:BatchGetImage", "ecr:GetDownloadUrlForLayer",
    "logs:CreateLogStream", "logs:PutLogEvents",
}  # fmt: skip
INTERFACES = {
    "ec2:AssignPrivateIpAddresses", "ec2:CreateNetworkInterface", "ec2:DeleteNetworkInterface",
    "ec2:DescribeNetworkInterfaces", "ec2:DescribeSubnets", "ec2:UnassignPrivateIpAddresses",
}  # fmt: skip
INVOKES = {"logs:CreateLogStream", "logs:PutLogEvents", "sqs:SendMessage", *INTERFACES}
# Of these there is nothing that could be named.
NAMELESS = {"ecr:GetAuthorizationToken", *INTERFACES}
TRUSTED = {
    ("fargate", "ExecutionRole"): "ecs-tasks.amazonaws.com",
    ("fargate", "TaskRole"): "ecs-tasks.amazonaws.com",
    ("fargate", "TaskScheduleRole"): "scheduler.amazonaws.com",
    ("lambda", "FunctionRole"): "lambda.amazonaws.com",
    ("lambda", "FunctionScheduleRole"): "scheduler.amazonaws.com",
}


def as_list(value: Any) -> list[Any]:
    """A value that may be one or several."""
    return value if isinstance(value, list) else [value]


def statements(templates: Templates, stack: str, role: str) -> list[dict[str, Any]]:
    """A role's statements, those of the data stack's policies that it has among them."""
    properties = Stack(templates[stack]).properties(role)
    documents = [each["PolicyDocument"] for each in properties.get("Policies", [])]
    data = Stack(templates["data"])
    attached = [data.properties(name) for name in properties.get("ManagedPolicyArns", [])]
    documents += [each["PolicyDocument"] for each in attached if each]
    return [statement for document in documents for statement in document["Statement"]]


def role_actions(templates: Templates, stack: str, role: str) -> set[str]:
    """What a role may do."""
    return {
        action
        for statement in statements(templates, stack, role)
        if statement["Effect"] == "Allow"
        for action in as_list(statement["Action"])
    }


def wrong_actions(templates: Templates) -> Iterator[str]:
    """A role may do what is called with it, and nothing else."""
    called = actions(of_people=False)
    expected = {
        ("fargate", "ExecutionRole"): STARTS_TASKS,
        ("fargate", "TaskRole"): called,
        ("fargate", "TaskScheduleRole"): {"ecs:RunTask", "iam:PassRole", "sqs:SendMessage"},
        ("lambda", "FunctionRole"): called | INVOKES,
        ("lambda", "FunctionScheduleRole"): {"lambda:InvokeFunction", "sqs:SendMessage"},
    }
    roles = {(stack, name) for stack in templates for name, _ in Stack(templates[stack]).of("AWS::IAM::Role")}
    if roles != set(expected):
        yield f"the roles are {sorted(roles)}"
    for (stack, role), allowed in expected.items():
        found = role_actions(templates, stack, role)
        if missing := allowed - found:
            yield f"{role} may not {sorted(missing)}"
        if more := found - allowed:
            yield f"{role} may {sorted(more)} for no reason"
    people = Stack(templates["data"]).properties("PeoplePolicy")["PolicyDocument"]["Statement"]
    may = {action for statement in people for action in as_list(statement["Action"])}
    if may != {each for each in actions(of_people=True) if each.startswith("dynamodb:")} | {
        "s3:GetObject", "s3:ListBucket"
    }:  # fmt: skip
        yield f"people may {sorted(may)}"


def unnamed_resources(templates: Templates) -> Iterator[str]:
    """Whatever has a name is named."""
    for stack, role in [*TRUSTED, ("data", "RunPolicy"), ("data", "PeoplePolicy")]:
        found = statements(templates, stack, role)
        if stack == "data":
            found = Stack(templates[stack]).properties(role)["PolicyDocument"]["Statement"]
        for statement in found:
            if statement["Effect"] == "Deny":
                continue
            if any("*" in action for action in as_list(statement["Action"])):
                yield f"{role} may {statement['Action']}"
            if "*" in as_list(statement["Resource"]) and not set(as_list(statement["Action"])) <= NAMELESS:
                yield f"{role} may {statement['Action']} with anything"


def wrong_resources(templates: Templates) -> Iterator[str]:
    """The connector's own table, prefixes, secret and parameters; plans are only read."""
    expected = {
        "dynamodb:PutItem": ["RegistryTable.Arn"],
        "dynamodb:Query": ["RegistryTable.Arn"],
        "s3:ListBucket": ["Bucket.Arn"],
        "s3:GetObject": ["Bucket.Arn/plans/*", "Bucket.Arn/data/*"],
        "s3:PutObject": ["Bucket.Arn/data/*"],
        "s3:DeleteObject": ["Bucket.Arn/data/*"],
        "secretsmanager:GetSecretValue": ["Secret"],
        "ssm:GetParameter": ["arn:AWS::Partition:ssm:AWS::Region:AWS::AccountId:parameter/meta-ads/*"],
    }
    for action, resources in expected.items():
        found = [
            resource
            for statement in statements(templates, "fargate", "TaskRole")
            if action in as_list(statement["Action"])
            for resource in as_list(statement["Resource"])
        ]
        if found != resources:
            yield f"{action} goes for {found}"
    # Of an object that isn't there S3 says 403 to who may not list the bucket, and GetObject has no prefix to ask for.
    if any("Condition" in each for each in statements(templates, "fargate", "TaskRole")):
        yield "a statement has a condition"
    for stack, role in (
        ("fargate", "TaskScheduleRole"),
        ("lambda", "FunctionScheduleRole"),
        ("lambda", "FunctionRole"),
    ):
        for statement in statements(templates, stack, role):
            if "sqs:SendMessage" in as_list(statement["Action"]) and statement["Resource"] != "DeadLettersArn":
                yield f"{role} sends to {statement['Resource']}"


def wrong_trust(templates: Templates) -> Iterator[str]:
    """Each role is one service's, for this account's sake only, and used where it belongs."""
    for (stack, role), service in TRUSTED.items():
        trust = Stack(templates[stack]).properties(role).get("AssumeRolePolicyDocument", {"Statement": []})["Statement"]
        if [(each["Principal"], each["Action"]) for each in trust] != [({"Service": service}, "sts:AssumeRole")]:
            yield f"{role} is trusted to {trust}"
        # Lambda assumes roles without saying for which account.
        elif service != "lambda.amazonaws.com" and trust[0].get("Condition") != {
            "StringEquals": {"aws:SourceAccount": "AWS::AccountId"}
        }:
            yield f"{role} serves any account"
    fargate, function = Stack(templates["fargate"]), Stack(templates["lambda"])
    used = [
        fargate.properties("Task")["ExecutionRoleArn"],
        fargate.properties("Task")["TaskRoleArn"],
        fargate.properties("TaskSchedule")["Target"]["RoleArn"],
        function.properties("Function")["Role"],
        function.properties("FunctionSchedule")["Target"]["RoleArn"],
    ]
    if used != [f"{role}.Arn" for _, role in TRUSTED]:
        yield f"the roles in use are {used}"
    passed = [each for each in statements(templates, "fargate", "TaskScheduleRole") if each["Action"] == "iam:PassRole"]
    if [(sorted(each["Resource"]), each.get("Condition")) for each in passed] != [
        (
            ["ExecutionRole.Arn", "TaskRole.Arn"],
            {"StringEquals": {"iam:PassedToService": "ecs-tasks.amazonaws.com"}},
        )
    ]:
        yield f"the schedule passes on {passed}"
    denied = [each for each in statements(templates, "lambda", "FunctionRole") if each["Effect"] == "Deny"]
    if [(each["Action"], each["Resource"], list(each["Condition"]["ArnLike"])) for each in denied] != [
        ("ec2:*", "*", ["lambda:SourceFunctionArn"])
    ]:
        yield "the connector's code may use the interfaces that Lambda makes"
