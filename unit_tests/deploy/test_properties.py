"""What cfn-lint can't see of deploy/: each property holds, and each is seen to be broken where it is.

One thing at a time is broken in a template that is otherwise as it is.
"""

from __future__ import annotations

import inspect
from collections.abc import Callable, Iterator
from typing import Any

import pytest

from unit_tests.deploy import alarms, network, policies, runtime, storage
from unit_tests.deploy.templates import Templates, changed, templates

Property = Callable[[Templates], Iterator[str]]
ENDPOINT = "network.Resources.DynamoDbEndpoint.Properties"
HOSTS = "network.Resources.AllowedHosts.Properties.RuleGroup.RulesSource.RulesSourceList"
POLICY = "network.Resources.FirewallPolicy.Properties.FirewallPolicy"
GROUP = "network.Resources.SecurityGroup.Properties"
RUN = "data.Resources.RunPolicy.Properties.PolicyDocument.Statement"
TASK = "fargate.Resources.Task.Properties"
CONTAINER = f"{TASK}.ContainerDefinitions.0"
SCHEDULE = "fargate.Resources.TaskSchedule.Properties"
MAY_START = "fargate.Resources.TaskScheduleRole.Properties.Policies.0.PolicyDocument.Statement"
EXECUTION = "fargate.Resources.ExecutionRole.Properties"
FUNCTION = "lambda.Resources.Function.Properties"
MAY_INVOKE = "lambda.Resources.FunctionRole.Properties.Policies.0.PolicyDocument.Statement"
ALARM = "alarms.Resources"

# What to break, and how; without a value it is removed.
BROKEN: dict[Property, list[tuple[str, Any]]] = {
    network.wrong_ways_out: [
        ("network.Resources.AppRouteOut", None),
        ("network.Resources.AppRoutesB", None),
        ("network.Resources.AppRouteOut.Properties", {"RouteTableId": {"Ref": "AppRoutes"},
         "DestinationCidrBlock": "0.0.0.0/0", "GatewayId": {"Ref": "InternetGateway"}}),
        ("network.Resources.NatRouteOut.Properties.VpcEndpointId", None),
        ("network.Resources.NatRouteOut.Properties.GatewayId", None),
        ("network.Resources.NatRoutesOfSubnet", None),
        ("network.Resources.FirewallRouteOut", None),
        ("network.Resources.FirewallRoutesOfSubnet.Properties.SubnetId", {"Ref": "NatSubnet"}),
        ("network.Resources.Firewall.Properties.SubnetMappings", [{"SubnetId": {"Ref": "NatSubnet"}}]),
        ("network.Resources.NatGateway.Properties.SubnetId", {"Ref": "AppSubnetA"}),
        ("network.Resources.InternetGatewayAttachment", None),
        ("network.Resources.AppSubnetB.Properties.AvailabilityZone", {"Fn::Select": [0, {"Fn::GetAZs": ""}]}),
    ],
    network.wrong_ways_back: [
        ("network.Resources.ReturnRoute", None),
        ("network.Resources.ReturnRoutesOfGateway", None),
        ("network.Resources.ReturnRoute.Properties.DestinationCidrBlock", {"Fn::GetAtt": "AppSubnetA.CidrBlock"}),
        ("network.Resources.ReturnRoutesOfGateway.Condition", None),
    ],
    network.wrong_hosts: [
        (f"{HOSTS}.Targets.Fn::If.2.0", "graph.instagram.com"),
        (f"{HOSTS}.Targets.Fn::If.1.1", None),
        (f"{HOSTS}.Targets.Fn::If.2", ["graph.facebook.com", ".facebook.com"]),
        (f"{HOSTS}.GeneratedRulesType", "DENYLIST"),
        (f"{HOSTS}.TargetTypes", ["HTTP_HOST"]),
    ],
    network.open_firewall: [
        (f"{POLICY}.StatelessDefaultActions", ["aws:pass"]),
        (f"{POLICY}.StatelessFragmentDefaultActions", ["aws:pass"]),
        (f"{POLICY}.StatefulDefaultActions", ["aws:alert_established_app_layer_to_server"]),
        (f"{POLICY}.StatefulEngineOptions.RuleOrder", "DEFAULT_ACTION_ORDER"),
        (f"{POLICY}.StatefulRuleGroupReferences", []),
        ("network.Resources.Firewall.Properties.FirewallPolicyArn", "arn:aws:network-firewall:other"),
    ],
    network.wrong_endpoints: [
        ("network.Resources.SecretsManagerEndpoint", None),
        ("network.Resources.EcrDockerEndpoint", None),
        ("network.Resources.LogsEndpoint.Properties.PrivateDnsEnabled", False),
        ("network.Resources.LogsEndpoint.Properties.SecurityGroupIds", [{"Ref": "SecurityGroup"}]),
        ("network.Resources.S3Endpoint.Properties.RouteTableIds", [{"Ref": "NatRoutes"}]),
        ("network.Resources.Vpc.Properties.EnableDnsHostnames", False),
        (f"{ENDPOINT}.ServiceName", {"Fn::Sub": "com.amazonaws.${AWS::Region}.kms"}),
    ],
    network.closed_endpoints: [
        (f"{ENDPOINT}.PolicyDocument", None),
        (f"{ENDPOINT}.PolicyDocument.Statement.0.Action.0", None),
        (f"{ENDPOINT}.PolicyDocument.Statement.0.Action.0", "dynamodb:DeleteTable"),
        ("network.Resources.S3Endpoint.Properties.PolicyDocument.Statement.1", None),
        ("network.Resources.LogsEndpoint.Properties.PolicyDocument.Statement.0.Condition", None),
    ],
    network.open_ports: [
        (f"{GROUP}.SecurityGroupEgress.0.FromPort", 80),
        (f"{GROUP}.SecurityGroupEgress.0.IpProtocol", "-1"),
        (f"{GROUP}.SecurityGroupEgress", None),
        (f"{GROUP}.SecurityGroupIngress", [{"IpProtocol": "tcp", "FromPort": 443, "ToPort": 443}]),
        ("network.Resources.EndpointSecurityGroup.Properties.SecurityGroupEgress", None),
        ("network.Resources.EndpointSecurityGroup.Properties.SecurityGroupIngress.0.SourceSecurityGroupId", None),
    ],
    policies.wrong_actions: [
        (f"{RUN}.0.Action.0", None),
        (f"{RUN}.0.Action.0", "dynamodb:Scan"),
        (f"{RUN}.4", None),
        (f"{EXECUTION}.Policies.0.PolicyDocument.Statement.2", None),
        ("fargate.Resources.TaskRole.Properties.ManagedPolicyArns", []),
        ("lambda.Resources.FunctionRole.Properties.ManagedPolicyArns", ["arn:aws:iam::aws:policy/AdministratorAccess"]),
        (f"{MAY_INVOKE}.2.Action.1", None),
        (f"{MAY_START}.1", None),
        ("lambda.Resources.Spare", {"Type": "AWS::IAM::Role"}),
        ("data.Resources.PeoplePolicy.Properties.PolicyDocument.Statement.0.Action.5", None),
    ],
    policies.unnamed_resources: [
        (f"{RUN}.0.Resource", "*"),
        (f"{RUN}.1.Action", "s3:*"),
        (f"{MAY_START}.1.Resource", "*"),
        ("data.Resources.PeoplePolicy.Properties.PolicyDocument.Statement.1.Resource", "*"),
    ],
    policies.wrong_resources: [
        (f"{RUN}.2.Resource", {"Fn::Sub": "${Bucket.Arn}/*"}),
        (f"{RUN}.3.Resource", {"Fn::Sub": "${Bucket.Arn}/*"}),
        (f"{RUN}.3.Condition", {"StringLike": {"s3:prefix": "data/*"}}),
        (f"{RUN}.4.Resource", "arn:aws:secretsmanager:eu-west-1:1:secret:*"),
        (f"{MAY_INVOKE}.1.Resource", {"Ref": "Elsewhere"}),
    ],
    policies.wrong_trust: [
        (f"{EXECUTION}.AssumeRolePolicyDocument.Statement.0.Condition", None),
        (f"{EXECUTION}.AssumeRolePolicyDocument.Statement.0.Principal", {"AWS": "*"}),
        (f"{TASK}.TaskRoleArn", {"Fn::GetAtt": "ExecutionRole.Arn"}),
        (f"{FUNCTION}.Role", {"Fn::GetAtt": "FunctionScheduleRole.Arn"}),
        (f"{MAY_START}.1.Condition", None),
        (f"{MAY_INVOKE}.3", None),
    ],
    runtime.wrong_entries: [
        (f"{CONTAINER}.EntryPoint.2", "source_meta_ads.runners.fargat"),
        (f"{CONTAINER}.EntryPoint.0", "/usr/bin/python"),
        (f"{CONTAINER}.Command", ["read"]),
        (f"{FUNCTION}.ImageConfig.Command", ["source_meta_ads.runners.lambda_handler.handle"]),
        (f"{FUNCTION}.ImageConfig.EntryPoint.2", "awslambda"),
    ],
    runtime.wrong_environment: [
        (f"{CONTAINER}.Environment.0.Name", "META_ADS_PLANS"),
        (f"{CONTAINER}.Environment.1", None),
        (f"{CONTAINER}.Environment.2.Value", "preferred"),
        (f"{FUNCTION}.Environment.Variables", {}),
        (f"{FUNCTION}.Environment.Variables.META_ADS_PLAN", {"Fn::Sub": "s3://${Bucket}/lambda.yaml"}),
    ],
    runtime.wrong_time: [
        (f"{FUNCTION}.Timeout", 901),
        (f"{FUNCTION}.Timeout", 60),
        (f"{FUNCTION}.ReservedConcurrentExecutions", 2),
        (f"{CONTAINER}.StopTimeout", None),
    ],
    runtime.wrong_runners: [
        (f"{SCHEDULE}.Target.EcsParameters.NetworkConfiguration.AwsvpcConfiguration.AssignPublicIp", "ENABLED"),
        (f"{SCHEDULE}.Target.EcsParameters.TaskDefinitionArn", "other"),
        (f"{FUNCTION}.VpcConfig.SecurityGroupIds", []),
        ("lambda.Resources.FunctionSchedule.Properties.Target.Arn", "other"),
        ("fargate.Mappings.Sizes.small.Memory", "512"),
    ],
    runtime.lost_events: [
        (f"{SCHEDULE}.Target.DeadLetterConfig", None),
        ("lambda.Resources.FunctionSchedule.Properties.Target.DeadLetterConfig.Arn", "other"),
        ("lambda.Resources.FunctionRetries.Properties.DestinationConfig", None),
        ("data.Resources.DeadLetters.Properties.SqsManagedSseEnabled", None),
    ],
    runtime.lost_logs: [
        ("fargate.Resources.TaskLogs.Properties.RetentionInDays", None),
        (f"{CONTAINER}.LogConfiguration.Options.awslogs-group", "other"),
        (f"{FUNCTION}.LoggingConfig.LogFormat", "JSON"),
        (f"{FUNCTION}.LoggingConfig", None),
        ("network.Resources.FirewallLogging.Properties.LoggingConfiguration.LogDestinationConfigs.0.LogType", "FLOW"),
    ],
    runtime.unknown_parameters: [
        ("data.Outputs.Bucket", None),
        ("network.Outputs.Subnets", None),
        ("alarms.Parameters.Unused", {"Type": "String", "Default": ""}),
    ],
    storage.lost_data: [
        ("data.Resources.RegistryTable.DeletionPolicy", "Delete"),
        ("data.Resources.Bucket.UpdateReplacePolicy", None),
        ("data.Resources.RegistryTable.Properties.TableName", "registry"),
        ("data.Resources.RegistryTable.Properties.PointInTimeRecoverySpecification", None),
        ("data.Resources.RegistryTable.Properties.DeletionProtectionEnabled", False),
        ("data.Resources.Bucket.Properties.VersioningConfiguration.Status", "Suspended"),
        ("data.Resources.Bucket.Properties.LifecycleConfiguration.Rules.0.ExpirationInDays", 30),
    ],
    storage.open_bucket: [
        ("data.Resources.Bucket.Properties.PublicAccessBlockConfiguration.BlockPublicPolicy", False),
        ("data.Resources.Bucket.Properties.BucketEncryption", None),
        ("data.Resources.Bucket.Properties.OwnershipControls", None),
        ("data.Resources.BucketPolicy.Properties.PolicyDocument.Statement.0", None),
        ("data.Resources.BucketPolicy.Properties.PolicyDocument.Statement.0.Resource", ["other"]),
        ("data.Resources.BucketPolicy.Properties.PolicyDocument.Statement.1.Effect", "Allow"),
        ("data.Resources.BucketPolicy.Properties.Bucket", "other"),
    ],
    storage.told_secrets: [
        ("data.Resources.Secret.Properties.SecretString", '{"access_token": "EAAB"}'),
        ("fargate.Parameters.AccessToken", {"Type": "String"}),
    ],
    alarms.unknown_metrics: [
        (f"{ALARM}.RunFailed.Properties.MetricName", "meta_ads.run"),
        (f"{ALARM}.RunFailed.Properties.Namespace", "MetaAd"),
        (f"{ALARM}.RunFailed.Properties.Dimensions.0.Value", "failure"),
        (f"{ALARM}.NoSuccess.Properties.Dimensions", []),
        (f"{ALARM}.EventLost.Properties.MetricName", "NumberOfMessagesSent"),
        (f"{ALARM}.Drift.Properties.Metrics.0.Expression",
         'SELECT SUM("meta_ads.drifts") FROM SCHEMA("MetaAds", "stream")'),
        (f"{ALARM}.QuotaNearlyUsed.Properties.Metrics.0.Expression",
         'SELECT MAX("meta_ads.quota_used") FROM SCHEMA("MetaAds", limit)'),
    ],
    alarms.missing_alarms: [
        (f"{ALARM}.Drift", None),
        (f"{ALARM}.RunFailed.Properties.AlarmActions", None),
        (f"{ALARM}.NoSuccess.Properties.TreatMissingData", "notBreaching"),
        (f"{ALARM}.NoSuccess.Properties.ComparisonOperator", "GreaterThanOrEqualToThreshold"),
        (f"{ALARM}.NoSuccess.Properties.EvaluationPeriods", 200),
        (f"{ALARM}.Topic.Properties", {"KmsMasterKeyId": "alias/aws/sns"}),
        (f"{ALARM}.TopicPolicy.Properties.PolicyDocument.Statement.0.Principal.Service.1", None),
    ],
    alarms.silent_deaths: [
        (f"{ALARM}.TaskDied", None),
        (f"{ALARM}.TaskDied.Properties.Targets.0.Arn", "other"),
        (f"{ALARM}.TaskDied.Properties.EventPattern.detail.$or.0", None),
        (f"{ALARM}.TaskDied.Properties.EventPattern.detail.$or.1.containers.exitCode.0.anything-but", [0, 143, 1]),
        (f"{ALARM}.TaskDied.Properties.EventPattern.detail.clusterArn", ["other"]),
    ],
}  # fmt: skip


@pytest.fixture(scope="module")
def real() -> Templates:
    return templates()


def test_each_property_is_tried() -> None:
    modules = (alarms, network, policies, runtime, storage)
    found = [value for module in modules for value in vars(module).values() if inspect.isgeneratorfunction(value)]
    assert found
    assert {value.__name__ for value in found} == {each.__name__ for each in BROKEN}


@pytest.mark.parametrize("holds", BROKEN, ids=lambda each: each.__name__)
def test_a_property_holds(holds: Property, real: Templates) -> None:
    assert list(holds(real)) == []


@pytest.mark.parametrize(
    ("holds", "path", "value"),
    [
        pytest.param(holds, path, value, id=f"{holds.__name__}-{number}")
        for holds, some in BROKEN.items()
        for number, (path, value) in enumerate(some)
    ],
)
def test_a_broken_template_is_seen(holds: Property, path: str, value: Any, real: Templates) -> None:
    assert list(holds(_broken(real, path, value)))


def _broken(real: Templates, path: str, value: Any) -> Templates:
    """The templates with one thing changed; what is not there yet is added."""
    where: Any = real
    *way, last = path.split(".")
    for part in way:
        where = where[int(part) if part.isdigit() else part]
    if isinstance(where, dict) and last not in where:
        return changed(real, ".".join(way), {**where, last: value})
    return changed(real, path, value)
