"""The sentence that helps is found in a chain of errors, as Dagster stores them."""

import sys
from contextlib import nullcontext

import dagster as dg
from dagster._core.errors import DagsterInvariantViolationError, SensorExecutionError, user_code_error_boundary
from dagster._utils.error import SerializableErrorInfo, serializable_error_info_from_exc_info

from fq_platform.automation.alerting.errors import of_error
from fq_platform.errors import FqError


def stored(error: Exception, *, by_users: bool = False) -> SerializableErrorInfo:
    """An error as it is stored; one of users' code as Dagster wraps it."""
    boundary = user_code_error_boundary(SensorExecutionError, lambda: "evaluating") if by_users else nullcontext()
    try:
        with boundary:
            raise error
    except Exception:  # noqa: BLE001 - whatever is given
        return serializable_error_info_from_exc_info(sys.exc_info())


def caused(error: Exception, cause: Exception) -> Exception:
    error.__cause__ = cause
    return error


def test_error_of_the_code_is_told_and_not_that_which_dagster_puts_around_it() -> None:
    assert of_error(stored(ValueError("no such day"), by_users=True)).what == "ValueError: no such day"
    assert of_error(stored(ValueError("no such day"))).what == "ValueError: no such day"


def test_error_in_words_is_told_without_its_class_and_its_cause() -> None:
    refused = caused(dg.Failure("MongoDB cannot be reached (db:27017). Start it"), OSError("refused"))
    assert of_error(stored(refused, by_users=True)).what == "MongoDB cannot be reached (db:27017). Start it"
    assert of_error(stored(FqError("It is full", fix="Empty it"))).what == "It is full. Empty it"


def test_cause_is_told_beside_what_came_of_it() -> None:
    written = caused(RuntimeError("cannot be written"), caused(LookupError("between"), OSError("disk full")))
    assert (
        of_error(stored(written, by_users=True)).what == "RuntimeError: cannot be written\nCaused by OSError: disk full"
    )


def test_error_of_dagster_itself_and_none_at_all_are_told() -> None:
    assert of_error(stored(DagsterInvariantViolationError("odd"))).what.endswith("InvariantViolationError: odd")
    assert of_error(None).what == "No error was recorded"
