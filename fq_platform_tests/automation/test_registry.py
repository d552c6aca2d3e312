"""The registry: what runs by itself in which environment, and what is refused."""

import dagster as dg
import pytest

from fq_platform.automation import registry
from fq_platform.automation.registry import RUNNING, Environment, require_declared, schedule_status, sensor_status
from fq_platform.definitions import defs
from fq_platform.errors import FqError

ALL = frozenset().union(*RUNNING.values())


def test_nothing_runs_that_its_environment_does_not_name(environment: pytest.MonkeyPatch) -> None:
    running, stopped = dg.DefaultScheduleStatus.RUNNING, dg.DefaultScheduleStatus.STOPPED

    def found(where: str, name: str) -> dg.DefaultScheduleStatus:
        environment.setenv("FQ_ENVIRONMENT", where)
        registry.get_settings.cache_clear()
        return schedule_status(name)

    assert found("local", "hourly_today") is stopped
    assert found("production", "hourly_today") is running
    assert found("local", "daily_refresh") is running
    assert {found("test", name) for name in ALL} == {stopped}
    assert sensor_status("mongo_changes") is dg.DefaultSensorStatus.STOPPED


def test_what_no_environment_names_is_an_error_that_says_where_to_name_it() -> None:
    with pytest.raises(FqError, match=r"No environment .*'daily_refrehs' .*registry\.py"):
        schedule_status("daily_refrehs")
    with pytest.raises(FqError, match=r"No environment .*'another'"):
        require_declared({*ALL, "another"}, all_of_them=True)


def test_a_name_that_nothing_is_built_for_is_an_error(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(registry, "RUNNING", {**RUNNING, Environment.TEST: frozenset({"daily_refrehs"})})

    with pytest.raises(FqError, match="There is no schedule or sensor called 'daily_refrehs'"):
        require_declared(ALL, all_of_them=True)
    require_declared(ALL, all_of_them=False)


def test_the_definitions_build_what_the_table_names_and_nothing_else() -> None:
    repository = defs.get_repository_def()

    assert {made.name for made in repository.schedule_defs} | {made.name for made in repository.sensor_defs} == ALL
