"""What has to hold of the network; each function names what doesn't."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

from source_meta_ads.manifest import manifest
from unit_tests.deploy.calls import actions
from unit_tests.deploy.policies import as_list, role_actions
from unit_tests.deploy.templates import Stack, Templates

ANYWHERE = "0.0.0.0/0"
GATEWAYS = {"s3", "dynamodb"}
# Fargate pulls images (their layers from S3) and writes logs through the task's own network.
FARGATES_OWN = {"ecr.api", "ecr.dkr", "logs", "s3"}


def network(templates: Templates, **parameters: str) -> Stack:
    """The network with the names that the data stack puts out."""
    return Stack(templates["network"], **{"Bucket": "Bucket", "RegistryTable": "RegistryTable", **parameters})


def wrong_ways_out(templates: Templates) -> Iterator[str]:
    """Each app subnet's way to the internet: NAT, firewall, internet gateway; without the firewall, the others."""
    for firewall, expected in (("true", ["NatGateway", "Firewall", "InternetGateway"]),
                               ("false", ["NatGateway", "InternetGateway"])):  # fmt: skip
        stack = network(templates, EgressFirewall=firewall)
        subnets = str(stack.outputs["Subnets"]).split(",")
        zones = {stack.properties(subnet)["AvailabilityZone"] for subnet in subnets}
        if len(zones) < 2:
            yield "the app subnets are in one zone"
        for subnet in subnets:
            found = way_out(stack, subnet)
            if found != expected:
                yield f"firewall {firewall}: {subnet} goes out by {found}"


def wrong_ways_back(templates: Templates) -> Iterator[str]:
    """What comes in for a subnet behind the firewall goes to the firewall."""
    stack = network(templates)
    tables = [
        association["RouteTableId"]
        for _, association in stack.of("AWS::EC2::GatewayRouteTableAssociation")
        if association["GatewayId"] == "InternetGateway"
    ]
    back = {route["DestinationCidrBlock"]: _target(stack, route) for table in tables for route in _routes(stack, table)}
    behind = {nat["SubnetId"] for _, nat in stack.of("AWS::EC2::NatGateway")}
    for subnet in behind:
        if back.get(f"{subnet}.CidrBlock") != "Firewall":
            yield f"what comes for {subnet} is routed {back}"
    if any(True for _ in network(templates, EgressFirewall="false").of("AWS::EC2::GatewayRouteTableAssociation")):
        yield "without a firewall there is nothing to come back through"


def way_out(stack: Stack, subnet: str) -> list[str]:
    """What a packet for a host on the internet passes."""
    found: list[str] = []
    while len(found) < 5:
        tables = [
            each["RouteTableId"]
            for _, each in stack.of("AWS::EC2::SubnetRouteTableAssociation")
            if each["SubnetId"] == subnet
        ]
        targets = [
            _target(stack, route)
            for table in tables
            for route in _routes(stack, table)
            if route["DestinationCidrBlock"] == ANYWHERE
        ]
        if len(targets) != 1:
            return [*found, f"{len(targets)} routes of {subnet}"]
        found.append(targets[0])
        if targets[0] not in stack.resources:
            return found
        if targets[0] == "InternetGateway":
            attached = [each["InternetGatewayId"] for _, each in stack.of("AWS::EC2::VPCGatewayAttachment")]
            return found if attached == ["InternetGateway"] else [*found, "not attached"]
        place = stack.properties(targets[0])
        subnet = place["SubnetId"] if "SubnetId" in place else place["SubnetMappings"][0]["SubnetId"]
    return found


def _routes(stack: Stack, table: str) -> list[dict[str, Any]]:
    return [route for _, route in stack.of("AWS::EC2::Route") if route["RouteTableId"] == table]


def _target(stack: Stack, route: dict[str, Any]) -> str:
    found = [route[key] for key in ("NatGatewayId", "GatewayId", "VpcEndpointId") if key in route]
    if len(found) != 1:
        return f"{len(found)} targets"
    # Which of the firewall's endpoints: the only one there is, `zone:id`.
    target = str(found[0]).replace("Select 1 Split : Select 0 Firewall.EndpointIds", "Firewall")
    return target if target in stack.resources else f"nowhere ({target})"


def wrong_hosts(templates: Templates) -> Iterator[str]:
    """The firewall lets through the manifest's hosts, those of pictures where they are asked for, and nothing else."""
    patterns = manifest().runtime.network_patterns
    for images in (False, True):
        stack = network(templates, ThumbnailImages=str(images).lower())
        expected = sorted(
            host.removeprefix("*")
            for pattern in patterns
            if pattern.when is None or (images and pattern.when == "fetch_thumbnail_images")
            for host in pattern.hosts
        )
        groups = [group for _, group in stack.of("AWS::NetworkFirewall::RuleGroup")]
        sources = [group["RuleGroup"]["RulesSource"]["RulesSourceList"] for group in groups]
        found = sorted(host for source in sources for host in source["Targets"])
        if found != expected:
            yield f"images {images}: lets {found} through, not {expected}"
        if any((each["GeneratedRulesType"], each["TargetTypes"]) != ("ALLOWLIST", ["TLS_SNI"]) for each in sources):
            yield "the hosts are no list of what TLS may go to"


def open_firewall(templates: Templates) -> Iterator[str]:
    """Everything is looked at, and what no rule lets through is dropped."""
    stack = network(templates)
    policy = stack.properties("FirewallPolicy")["FirewallPolicy"]
    groups = [name for name, _ in stack.of("AWS::NetworkFirewall::RuleGroup")]
    if [each["ResourceArn"] for each in policy["StatefulRuleGroupReferences"]] != groups:
        yield "the policy has other rules than there are"
    if stack.properties("Firewall")["FirewallPolicyArn"] != "FirewallPolicy":
        yield "the firewall has another policy"
    for key in ("StatelessDefaultActions", "StatelessFragmentDefaultActions"):
        if policy[key] != ["aws:forward_to_sfe"]:
            yield f"{key} is {policy[key]}"
    orders = [policy["StatefulEngineOptions"]["RuleOrder"]]
    orders += [stack.properties(name)["RuleGroup"]["StatefulRuleOptions"]["RuleOrder"] for name in groups]
    if set(orders) != {"STRICT_ORDER"}:
        yield f"the order is {orders}"
    # The default of newer policies: a ClientHello of several packets passes, anything not TLS doesn't.
    if "aws:drop_established_app_layer_to_server" not in policy["StatefulDefaultActions"]:
        yield f"what no rule knows is not dropped: {policy['StatefulDefaultActions']}"


def wrong_endpoints(templates: Templates) -> Iterator[str]:
    """AWS is reached by endpoints, as the firewall lets nothing of it through: of each service used, and no other."""
    stack = network(templates)
    used = {action.partition(":")[0] for action in actions(of_people=False)} | FARGATES_OWN
    found = {
        each["ServiceName"].removeprefix("com.amazonaws.AWS::Region."): each
        for _, each in stack.of("AWS::EC2::VPCEndpoint")
    }
    if set(found) != used:
        yield f"endpoints for {sorted(found)}, used are {sorted(used)}"
    vpc = stack.properties("Vpc")
    if not (vpc["EnableDnsSupport"] and vpc["EnableDnsHostnames"]):
        yield "names of endpoints are not looked up"
    apps = str(stack.outputs["Subnets"]).split(",")
    tables = {
        each["RouteTableId"]
        for _, each in stack.of("AWS::EC2::SubnetRouteTableAssociation")
        if each["SubnetId"] in apps
    }
    for service, endpoint in found.items():
        if service in GATEWAYS:
            if endpoint["VpcEndpointType"] != "Gateway" or set(endpoint["RouteTableIds"]) != tables:
                yield f"{service} is not in the routes of the app subnets"
        elif endpoint["VpcEndpointType"] != "Interface" or endpoint.get("PrivateDnsEnabled") is not True:
            yield f"{service} has no private name"
        elif endpoint["SecurityGroupIds"] != ["EndpointSecurityGroup"] or not set(endpoint["SubnetIds"]) <= set(apps):
            yield f"{service} can't be reached"


def closed_endpoints(templates: Templates) -> Iterator[str]:
    """An endpoint lets through what the connector may do with what is its own, and nothing else."""
    stack = network(templates)
    allowed = role_actions(templates, "fargate", "TaskRole") | role_actions(templates, "lambda", "FunctionRole")
    for name, endpoint in stack.of("AWS::EC2::VPCEndpoint"):
        service = endpoint["ServiceName"].removeprefix("com.amazonaws.AWS::Region.").partition(".")[0]
        statements = endpoint.get("PolicyDocument", {}).get("Statement", [{"Action": "*", "Resource": "*"}])
        for statement in statements:
            mine = statement.get("Condition") == {"StringEquals": {"aws:PrincipalAccount": "AWS::AccountId"}}
            if "*" in as_list(statement["Resource"]) and not mine:
                yield f"{name} lets anybody do anything"
        if service in GATEWAYS:
            own = [each for each in statements if each.get("Sid") != "LayersOfImages"]
            found = {action for each in own for action in as_list(each["Action"])}
            expected = {action for action in allowed if action.startswith(f"{service}:")}
            if found != expected:
                yield f"{name} allows {sorted(found)}, the roles {sorted(expected)}"
    layers = [
        each
        for each in stack.properties("S3Endpoint")["PolicyDocument"]["Statement"]
        if "starport-layer-bucket/*" in str(each["Resource"]) and each["Action"] == "s3:GetObject"
    ]
    if not layers:
        yield "images' layers can't be pulled"


def open_ports(templates: Templates) -> Iterator[str]:
    """Security groups let 443 out, the endpoints' 443 in from the connector, and nothing else."""
    stack = network(templates)
    for name, group in stack.of("AWS::EC2::SecurityGroup"):
        rules = group.get("SecurityGroupEgress")
        if not rules:
            yield f"{name} has no rule for what goes out, so EC2 lets out everything"
        for rule in [*(rules or []), *group.get("SecurityGroupIngress", [])]:
            if (rule["IpProtocol"], rule.get("FromPort"), rule.get("ToPort")) != ("tcp", 443, 443):
                yield f"{name} opens {rule}"
    into = [
        rule.get("SourceSecurityGroupId") for rule in stack.properties("EndpointSecurityGroup")["SecurityGroupIngress"]
    ]
    if into != ["SecurityGroup"]:
        yield f"the endpoints let in {into}"
    if stack.properties("SecurityGroup").get("SecurityGroupIngress"):
        yield "the connector lets somebody in"
    if any(True for kind in ("Ingress", "Egress") for _ in stack.of(f"AWS::EC2::SecurityGroup{kind}")):
        yield "there are rules beside the groups"
