"""The templates as files: clean for cfn-lint, short enough to read, and brought up in order by up.sh."""

from __future__ import annotations

import os
import re
import shutil
import stat
import subprocess
import sys
from pathlib import Path

import pytest
import yaml

from source_meta_ads.runners.plan import Plan
from unit_tests.deploy.templates import DEPLOY, ROOT, STACKS, templates

# Stands in for the AWS CLI: notes what it is asked to deploy, and puts out one value a stack.
_AWS = """#!{bash}
if [ "$2" = deploy ]; then printf '%s\\n' "$*" >> "$TOLD"; exit 0; fi
case "$4" in
  *-{missing}) exit 254 ;;
  *) printf 'Of%s\\ta,b\\n' "${{4##*-}}" ;;
esac
"""


def test_cfn_lint_has_nothing_to_say_but_of_a_broken_template(tmp_path: Path) -> None:
    broken = tmp_path / "lambda.yaml"
    broken.write_text((DEPLOY / "lambda.yaml").read_text("utf-8").replace("Timeout: 900", "Timeout: 1900"), "utf-8")
    tool = Path(sys.executable).with_name("cfn-lint")
    paths = [*(DEPLOY / f"{stack}.yaml" for stack in STACKS), broken]
    run = subprocess.run([tool, "--format", "parseable", *paths], capture_output=True, text=True, check=False)
    (said,) = run.stdout.splitlines()
    assert said.startswith(f"{broken}:")
    assert "1900" in said


def test_every_template_is_known_and_short() -> None:
    assert {path.stem for path in DEPLOY.glob("*.yaml")} == {*STACKS, "plan"}
    for path in DEPLOY.iterdir():
        assert len(path.read_text("utf-8").splitlines()) < 400


def test_the_example_plan_is_a_plan() -> None:
    raw = yaml.safe_load((DEPLOY / "plan.yaml").read_text("utf-8"))
    plan = Plan.parse(raw)
    assert (plan.output.url, plan.registry) == ("s3://BUCKET/data", "dynamodb://TABLE")


def _up(folder: Path, *arguments: str, stacks: str | None = None, missing: str = "nothing") -> tuple[list[str], str]:
    """What was deployed, a line a stack, and what up.sh says."""
    bash = shutil.which("bash")
    assert bash
    aws = folder / "aws"
    aws.write_text(_AWS.format(bash=bash, missing=missing), "utf-8")
    aws.chmod(aws.stat().st_mode | stat.S_IXUSR)
    told = folder / "told"
    told.unlink(missing_ok=True)
    environ = {"PATH": f"{folder}:{os.environ['PATH']}", "TOLD": str(told)}
    if stacks:
        environ["STACKS"] = stacks
    run = subprocess.run(
        [bash, str(DEPLOY / "up.sh"), *arguments], env=environ, capture_output=True, text=True, check=False
    )
    assert run.returncode == 0, run.stderr
    return told.read_text("utf-8").splitlines(), run.stdout


def test_up_hands_on_what_earlier_stacks_put_out_and_what_it_is_given(tmp_path: Path) -> None:
    deployed, said = _up(tmp_path, "ads", "ScheduleState=ENABLED", "FargateSchedule=rate(6 hours)")
    assert [line.split()[3] for line in deployed] == ["ads-data", "ads-network", "ads-fargate", "ads-alarms"]
    given = "ScheduleState=ENABLED FargateSchedule=rate(6 hours)"
    assert deployed[0].endswith(f"--parameter-overrides {given}")
    assert deployed[2].endswith(f"--parameter-overrides Ofdata=a,b Ofnetwork=a,b {given}")
    # A lambda stack that is there already puts something out too.
    assert deployed[3].endswith(f"Ofdata=a,b Ofnetwork=a,b Offargate=a,b Oflambda=a,b {given}")
    assert said.splitlines() == [f"Of{stack}=a,b" for stack in STACKS]


def test_up_does_the_stacks_that_are_named_and_does_without_those_that_are_not_there(tmp_path: Path) -> None:
    deployed, _ = _up(tmp_path, "ads", "Subnets=subnet-1", stacks="data lambda", missing="network")
    assert [line.split()[3] for line in deployed] == ["ads-data", "ads-lambda"]
    assert deployed[1].endswith("--parameter-overrides Ofdata=a,b Offargate=a,b Subnets=subnet-1")


def test_up_without_parameters_gives_none(tmp_path: Path) -> None:
    deployed, _ = _up(tmp_path, "ads", stacks="data")
    assert len(deployed) == 1
    assert deployed[0].endswith("--capabilities CAPABILITY_IAM --no-fail-on-empty-changeset")


def test_up_wants_a_name() -> None:
    run = subprocess.run(["bash", str(DEPLOY / "up.sh")], capture_output=True, text=True, check=False)
    assert run.returncode != 0
    assert "usage: deploy/up.sh NAME" in run.stderr


@pytest.mark.parametrize("stack", STACKS)
def test_each_parameter_without_a_default_says_what_it_is(stack: str) -> None:
    for name, parameter in templates()[stack]["Parameters"].items():
        if "Default" not in parameter:
            assert parameter.get("Description"), name


def test_the_docs_name_parameters_outputs_and_alarms_that_there_are() -> None:
    text = (ROOT / "docs" / "deploy.md").read_text("utf-8")
    found = templates()
    parameters = {name for template in found.values() for name in template["Parameters"]}
    named = set(re.findall(r"\b([A-Z][a-z]+[A-Za-z]*)=", text))
    assert named
    assert named <= parameters
    outputs = {name for template in found.values() for name in template["Outputs"]}
    assert set(re.findall(r"output ([A-Z]\w+)", text)) <= outputs
    assert all(name in text for name, each in found["alarms"]["Resources"].items() if "Alarm" in each["Type"])
    assert [stack for stack in STACKS if f"deploy/{stack}.yaml" not in text] == []
    assert "LOCK=requirements-runner.lock" in text
    assert "ARG LOCK=" in (ROOT / "Dockerfile").read_text("utf-8")
