"""The templates of deploy/ as data: what there is, given parameters, with every condition decided."""

from __future__ import annotations

import copy
import re
from collections.abc import Iterator, Mapping
from functools import cache
from pathlib import Path
from typing import Any

import yaml

ROOT = Path(__file__).parents[2]
DEPLOY = ROOT / "deploy"
STACKS = ("data", "network", "fargate", "lambda", "alarms")
Templates = dict[str, dict[str, Any]]
_NOTHING = {"Ref": "AWS::NoValue"}


class _Loader(yaml.SafeLoader):
    """YAML with the short forms of CloudFormation's functions."""


def _function(loader: _Loader, suffix: str, node: yaml.Node) -> dict[str, Any]:
    value: Any
    if isinstance(node, yaml.ScalarNode):
        value = loader.construct_scalar(node)
    elif isinstance(node, yaml.SequenceNode):
        value = loader.construct_sequence(node, deep=True)
    else:
        assert isinstance(node, yaml.MappingNode)
        value = loader.construct_mapping(node, deep=True)
    return {suffix if suffix in ("Ref", "Condition") else f"Fn::{suffix}": value}


_Loader.add_multi_constructor("!", _function)


def templates() -> Templates:
    """Every template by its stack's name."""
    return copy.deepcopy(_parsed())


@cache
def _parsed() -> Templates:
    return {stack: yaml.load((DEPLOY / f"{stack}.yaml").read_text("utf-8"), _Loader) for stack in STACKS}


def changed(originals: Templates, path: str, value: Any = None) -> Templates:
    """The templates with one thing changed, or removed without a value; `path` as `network.Resources.Vpc`."""
    found = copy.deepcopy(originals)
    *way, last = path.split(".")
    where: Any = found
    for part in way:
        where = where[int(part) if part.isdigit() else part]
    key: Any = int(last) if last.isdigit() else last
    assert where[key] != value, f"{path} is {value!r} already"
    if value is None:
        del where[key]
    else:
        where[key] = value
    return found


class Stack:
    """One template with parameters: resources that there are, and their properties without conditions.

    What only AWS knows stays a text that says what it is: `Vpc` for a reference, `Firewall.EndpointIds` for an
    attribute, both inside whatever text they are part of.
    """

    def __init__(self, template: Mapping[str, Any], **parameters: str) -> None:
        self._template = template
        defaults = {name: str(each["Default"]) for name, each in template["Parameters"].items() if "Default" in each}
        self._parameters = {**defaults, **parameters}
        self.resources: dict[str, dict[str, Any]] = {}
        for name, resource in template["Resources"].items():
            if "Condition" not in resource or self._holds(resource["Condition"]):
                self.resources[name] = self._decided({**resource, "Properties": resource.get("Properties", {})})
        self.outputs = {name: self._decided(each["Value"]) for name, each in template.get("Outputs", {}).items()}

    def of(self, kind: str) -> Iterator[tuple[str, dict[str, Any]]]:
        """Names and properties of the resources of a type."""
        for name, resource in self.resources.items():
            if resource["Type"] == kind:
                yield name, resource["Properties"]

    def properties(self, name: str) -> dict[str, Any]:
        """A resource's properties; empty without such a resource."""
        found: dict[str, Any] = self.resources.get(name, {}).get("Properties", {})
        return found

    def _holds(self, condition: str) -> bool:
        return bool(self._decided(self._template["Conditions"][condition]))

    def _decided(self, value: Any) -> Any:
        if isinstance(value, list):
            return [self._decided(each) for each in value if not self._is_nothing(each)]
        if not isinstance(value, dict):
            return value
        if len(value) == 1:
            ((name, argument),) = value.items()
            if name == "Ref" or name.startswith("Fn::"):
                return self._called(name.removeprefix("Fn::"), argument)
        return {key: self._decided(each) for key, each in value.items() if not self._is_nothing(each)}

    def _is_nothing(self, value: Any) -> bool:
        if isinstance(value, dict) and list(value) == ["Fn::If"]:
            condition, yes, no = value["Fn::If"]
            return self._is_nothing(yes if self._holds(condition) else no)
        return bool(value == _NOTHING)

    def _called(self, function: str, argument: Any) -> Any:
        if function == "Ref":
            return self._parameters.get(argument, argument)
        if function == "GetAtt":
            return argument
        if function == "Sub":
            return re.sub(r"\$\{([\w.:]+)\}", lambda match: str(self._called("Ref", match[1])), argument)
        if function == "If":
            condition, yes, no = argument
            return self._decided(yes if self._holds(condition) else no)
        arguments = [self._decided(each) for each in argument]
        if function == "Equals":
            return arguments[0] == arguments[1]
        if function == "Not":
            return not arguments[0]
        if function == "FindInMap":
            return self._template["Mappings"][arguments[0]][arguments[1]][arguments[2]]
        # Select, Split, Cidr: of what only AWS knows; what they are of is enough.
        return f"{function} {' '.join(str(each) for each in arguments)}"
