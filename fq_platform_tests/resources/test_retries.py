"""Tests of steps that try again by themselves, through Dagster's own executor."""

from pathlib import Path

import dagster as dg
import pytest
from py4j.protocol import Py4JNetworkError

from fq_platform.errors import FqError
from fq_platform.extraction.source import mongo_errors
from fq_platform.lakehouse.storage import explain_storage_error
from fq_platform.resources import retries
from fq_platform.resources.failures import shown_to_users
from fq_platform.settings import get_settings, project_root

OUTAGE = FqError("MongoDB cannot be reached", where="mongo.example", fix="Start it", transient=True)
REFUSED = FqError("MongoDB refuses the password", where="mongo.example", fix="Correct it")


def outcome(*errors: Exception) -> tuple[int, dg.ExecuteInProcessResult, list[float]]:
    """Materialise an asset that meets one error an attempt, then none: attempts, result, and the pauses between."""
    left = list(errors)
    attempts = 0

    @dg.asset
    def orders() -> None:
        nonlocal attempts
        attempts += 1
        with shown_to_users("iceberg.raw.orders"):
            if left:
                raise left.pop(0)

    with dg.DagsterInstance.ephemeral() as instance:
        result = dg.materialize([orders], instance=instance, raise_on_error=False)
        pauses = [
            event.step_retry_data.seconds_to_wait or 0
            for event in result.all_events
            if event.event_type_value == "STEP_UP_FOR_RETRY"
        ]
    return attempts, result, pauses


@pytest.fixture(autouse=True)
def _three_retries(environment: pytest.MonkeyPatch) -> None:
    environment.setenv("FQ_STEP_RETRIES", "3")
    environment.setattr(retries, "FIRST_SECONDS", 0.01)


def test_an_outage_that_passes_costs_attempts_but_no_failure() -> None:
    attempts, result, pauses = outcome(OUTAGE, OUTAGE)

    assert result.success
    assert attempts == 3
    assert 0 <= pauses[0] <= 0.02 <= pauses[1] <= 0.04


def test_an_outage_that_stays_fails_with_its_own_words_after_the_last_attempt() -> None:
    attempts, result, _ = outcome(*[OUTAGE] * 5)

    assert attempts == 4
    (failed,) = [event for event in result.all_events if event.is_step_failure]
    told = failed.step_failure_data.user_failure_data
    assert told is not None
    assert told.description == "MongoDB cannot be reached (iceberg.raw.orders, mongo.example). Start it"
    assert told.metadata["what to do"].value == "Start it"


@pytest.mark.parametrize("error", [REFUSED, ZeroDivisionError("a bug")], ids=["refused", "bug"])
def test_what_does_not_pass_is_not_tried_again(error: Exception) -> None:
    attempts, result, pauses = outcome(error)

    assert not result.success
    assert (attempts, pauses) == (1, [])


def test_what_storage_says_of_a_locked_catalog_is_tried_again() -> None:
    attempts, result, _ = outcome(OSError("(sqlite3.OperationalError) database is locked"))

    assert result.success
    assert attempts == 2


@pytest.mark.parametrize(
    ("error", "taken_up"),
    [(Py4JNetworkError("Error while sending or receiving"), True), (REFUSED, False), (ZeroDivisionError(), False)],
    ids=["JVM killed", "refused", "bug"],
)
def test_a_run_whose_jvm_was_killed_is_taken_up_by_another_process(
    tmp_path: Path, error: Exception, taken_up: bool
) -> None:
    @dg.asset
    def orders() -> None:
        with shown_to_users("iceberg.curated.orders"):
            raise error

    (tmp_path / "dagster.yaml").write_bytes((project_root() / "dagster.yaml").read_bytes())
    with dg.DagsterInstance.from_config(str(tmp_path)) as instance:
        run_id = dg.materialize([orders], instance=instance, raise_on_error=False).run_id
        run = instance.get_run_by_id(run_id)

    assert run is not None
    assert run.tags["dagster/will_retry"] == str(taken_up).lower()


def test_no_attempt_follows_where_the_setting_is_zero(environment: pytest.MonkeyPatch) -> None:
    environment.setenv("FQ_STEP_RETRIES", "0")
    get_settings.cache_clear()

    attempts, result, _ = outcome(OUTAGE)

    assert (attempts, result.success) == (1, False)


def test_outside_of_a_step_the_error_is_a_failure_at_once() -> None:
    with pytest.raises(dg.Failure, match="MongoDB cannot be reached"), shown_to_users():
        raise OUTAGE


def test_elections_and_outages_of_mongodb_may_pass_but_not_what_it_refuses() -> None:
    from pymongo.errors import AutoReconnect, OperationFailure

    def transient(raised: Exception) -> bool:
        with pytest.raises(FqError) as error, mongo_errors("mongodb://mongo.example"):
            raise raised
        return error.value.transient

    assert transient(AutoReconnect("connection closed"))
    assert transient(OperationFailure("not primary", code=10107))
    assert not transient(OperationFailure("Authentication failed.", code=18))
    assert not transient(OperationFailure("unknown operator", code=2))


@pytest.mark.parametrize(
    ("said", "transient"),
    [
        ("AWS Error SLOW_DOWN during PutObject in bucket 'lake'", True),
        ("AWS Error NETWORK_CONNECTION in bucket 'lake'", True),
        ("AWS Error ACCESS_DENIED in bucket 'lake'", False),
        ("connection to server at 10.0.0.1 failed: Connection refused", True),
        ('password authentication failed for user "fq"', False),
        ("No space left on device", False),
    ],
)
def test_storage_that_is_away_may_come_back_but_not_what_it_refuses(said: str, transient: bool) -> None:
    error = explain_storage_error(OSError(said), "iceberg.raw.orders")

    assert error is not None
    assert error.transient is transient
