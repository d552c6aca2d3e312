"""The profile s3local: sample data is landed, made into tables and asked for, all in S3; commands name the profile."""

import datetime as dt
import json
from pathlib import Path
from typing import Any

import dagster as dg
import pytest
from click.testing import Result
from pymongo.database import Database
from pyspark.sql import SparkSession
from rich.console import Console
from typer.testing import CliRunner

from fq_platform import cli
from fq_platform.automation.partitions import range_tags
from fq_platform.automation.schedules import DAILY_REFRESH
from fq_platform.definitions import build_definitions
from fq_platform.demo import report
from fq_platform.demo.load import load
from fq_platform.demo.refresh import run_assets
from fq_platform.demo.sample_data import START, generate
from fq_platform.settings import Profile, Settings, get_settings
from fq_platform.sources import get_sources
from fq_platform_tests.fixtures.object_store import ObjectStoreOfTests

services = pytest.mark.services

ORDERS = 60
DAYS = 5
LAST = START + dt.timedelta(days=DAYS - 1)
CHAIN = ("raw/ecommerce_db_orders", "curated/ecommerce_db_orders_silver")


def fq(*arguments: str) -> Result:
    return CliRunner().invoke(cli.app, arguments)


@pytest.fixture
def on_s3(
    s3local_settings: Settings,
    mongo_database: Database[dict[str, Any]],
    mongo_uri: str,
    tmp_path: Path,
    environment: pytest.MonkeyPatch,
) -> Settings:
    """The settings of this process: the sample business in MongoDB, and tables in S3."""
    sources = tmp_path / "sources.yaml"
    packaged = get_sources()
    declared = get_settings().sources_file.read_text()
    sources.write_text(declared.replace(packaged.database, mongo_database.name))
    variables = {
        "FQ_HOME": str(s3local_settings.home),
        "FQ_PROFILE": "s3local",
        "S3_BUCKET": s3local_settings.s3_bucket,
        "MONGO_URI": mongo_uri,
        "FQ_SOURCES": str(sources),
    }
    for name, value in variables.items():
        environment.setenv(name, value)
    for cached in (get_settings, get_sources):
        cached.cache_clear()
    load(mongo_uri, mongo_database.name, generate(1, START, DAYS, ORDERS))
    return get_settings()


@services
def test_sample_business_is_landed_made_into_tables_and_asked_for(
    on_s3: Settings, object_store: ObjectStoreOfTests, spark: SparkSession
) -> None:
    job = build_definitions(get_sources()).resolve_job_def(DAILY_REFRESH)
    keys = [dg.AssetKey(name.split("/")) for name in CHAIN]

    def run() -> dict[str, bool]:
        outcome = run_assets(job, dg.DagsterInstance.ephemeral(), range_tags(START, LAST), keys)
        assert outcome.failures == []
        assert [check for check in outcome.checks if not check.passed] == []
        return {made.name: made.changed for made in outcome.tables}

    assert run() == dict.fromkeys(CHAIN, True)
    answer = fq("query", "--format", "json", "SELECT count(*) AS n FROM curated.ecommerce_db_orders_silver")
    assert json.loads(answer.stdout) == [{"n": ORDERS}]
    stored = object_store.keys(on_s3.s3_bucket)
    for folder in ("raw/ecommerce_db/orders", "curated/ecommerce_db/orders_silver"):
        assert any(key.startswith(f"iceberg-warehouse/{folder}/data/") for key in stored), folder
    assert not on_s3.warehouse.exists()

    assert run() == dict.fromkeys(CHAIN, False)
    assert object_store.keys(on_s3.s3_bucket) == stored

    assert "raw.ecommerce_db_customers" in fq("sync", "customers").stdout
    verified = fq("verify", "customers")
    assert (verified.exit_code, "Source and lake agree" in verified.stdout) == (0, True)
    assert "No table changed" in fq("sync", "customers").stdout


@pytest.mark.parametrize("command", ["demo", "dev"])
def test_profile_that_does_not_exist_is_refused_before_anything_starts(
    environment: pytest.MonkeyPatch, command: str
) -> None:
    environment.setenv("FQ_PROFILE", "local")  # undone after the test; the option takes its place
    done = fq(command, "--profile", "moon")
    assert done.exit_code == 1
    assert "FQ_PROFILE='moon'" in done.stderr
    assert "s3local" in done.stderr
    assert "Traceback" not in done.stderr
    assert not Settings(profile=Profile.LOCAL).home.exists()


@pytest.mark.parametrize(
    ("profile", "commands"),
    [
        (Profile.LOCAL, ["make dev ", ' .venv/bin/fq query "SHOW TABLES"']),
        (Profile.S3LOCAL, ["make dev PROFILE=s3local ", 'FQ_PROFILE=s3local .venv/bin/fq query "SHOW TABLES"']),
        (Profile.GLUE, ["make dev PROFILE=glue ", 'FQ_PROFILE=glue .venv/bin/fq query "SHOW TABLES"']),
    ],
)
def test_next_steps_lead_to_the_tables_that_were_made(
    profile: Profile, commands: list[str], capsys: pytest.CaptureFixture[str]
) -> None:
    report.show_next_steps(Console(), profile)
    printed = capsys.readouterr().out
    assert all(command in printed for command in commands)
    assert ("while `make dev` runs" in printed) is (profile is Profile.S3LOCAL)
