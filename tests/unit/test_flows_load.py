"""Everything that prefect.yaml declares loads, is described for who fills in its form, and is complete."""

import ast
import importlib
import subprocess
import sys
from pathlib import Path
from typing import Any

import pytest
import yaml
from prefect import Flow
from prefect.client.schemas.schedules import construct_schedule
from prefect.events.schemas.deployment_triggers import DeploymentEventTrigger
from prefect.utilities.callables import parameter_schema

from laurels.orchestrator import POOL

ROOT = Path(__file__).parents[2]
DECLARED: dict[str, Any] = yaml.safe_load((ROOT / "prefect.yaml").read_text())
DEPLOYMENTS: list[dict[str, Any]] = DECLARED["deployments"]
each_deployment = pytest.mark.parametrize("deployment", DEPLOYMENTS, ids=lambda one: one["name"])


def load(deployment: dict[str, Any]) -> Flow[..., Any]:
    module, name = deployment["entrypoint"].rsplit(".", 1)
    found = getattr(importlib.import_module(module), name)
    assert isinstance(found, Flow)
    return found


def flows_in(module: Path) -> list[str]:
    functions = [node for node in ast.parse(module.read_text()).body if isinstance(node, ast.FunctionDef)]
    return [
        f"flows.{module.stem}.{function.name}"
        for function in functions
        if any(ast.unparse(decorator).startswith("flow") for decorator in function.decorator_list)
    ]


def test_every_flow_is_declared_and_every_declaration_is_a_flow() -> None:
    written = [name for module in sorted((ROOT / "flows").glob("*.py")) for name in flows_in(module)]
    assert len(written) >= 6
    assert sorted(written) == sorted(one["entrypoint"] for one in DEPLOYMENTS)


@each_deployment
def test_it_loads_under_its_own_name_and_is_described(deployment: dict[str, Any]) -> None:
    flow = load(deployment)
    assert flow.name == deployment["name"]
    assert deployment["description"]
    assert flow.description
    assert flow.persist_result is False


@each_deployment
def test_every_parameter_is_typed_and_described(deployment: dict[str, Any]) -> None:
    for name, shown in parameter_schema(load(deployment).fn).properties.items():
        assert shown.get("description"), f"{name} has no description"
        assert {"type", "anyOf", "$ref"} & set(shown), f"{name} has no type"


@each_deployment
def test_it_runs_in_our_pool_and_pulls_nothing(deployment: dict[str, Any]) -> None:
    assert DECLARED["pull"] == []
    assert "pull" not in deployment
    assert deployment["work_pool"]["name"] == POOL
    assert "concurrency_limit" not in deployment


@each_deployment
def test_its_schedules_are_sound(deployment: dict[str, Any]) -> None:
    for schedule in deployment.get("schedules", []):
        words = {"cron", "interval", "rrule", "timezone", "anchor_date"} & set(schedule)
        assert construct_schedule(**{word: schedule[word] for word in words})


@each_deployment
def test_its_triggers_fill_in_parameters_that_exist(deployment: dict[str, Any]) -> None:
    schema = parameter_schema(load(deployment).fn)
    for trigger in deployment.get("triggers", []):
        assert set(schema.required) <= set(trigger["parameters"]) <= set(schema.properties)
        assert DeploymentEventTrigger.model_validate(trigger).expect == set(trigger["expect"])


def test_the_night_is_new_york_s() -> None:
    [nightly] = [one for one in DEPLOYMENTS if one["name"] == "run-nightly"]
    assert nightly["schedules"] == [{"cron": "30 3 * * *", "timezone": "America/New_York"}]


def test_the_week_s_report_comes_on_monday_morning() -> None:
    [weekly] = [one for one in DEPLOYMENTS if one["name"] == "report-quality"]
    assert weekly["schedules"] == [{"cron": "0 7 * * 1", "timezone": "America/New_York"}]


def test_loading_them_all_does_not_load_great_expectations() -> None:
    modules = ", ".join(sorted({one["entrypoint"].rsplit(".", 1)[0] for one in DEPLOYMENTS}))
    program = f"import {modules}, sys; raise SystemExit('great_expectations' in sys.modules)"
    assert subprocess.run([sys.executable, "-c", program], check=False, cwd="/").returncode == 0
