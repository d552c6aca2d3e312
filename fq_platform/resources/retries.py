"""When a step whose error may pass tries again, and when only another process can.

Belongs here: how often and how soon. Does not: which errors may pass (`FqError.transient`); runs whose process died,
which Dagster's daemon takes up again (`dagster.yaml`).
"""

import sys

import dagster as dg

from fq_platform.settings import get_settings

FIRST_SECONDS = 10.0
"""The pause before the second attempt; each pause is about twice as long as the one before (seconds)."""


def retry(failure: dg.Failure) -> dg.RetryRequested | None:
    """Ask for another attempt of the step that runs.

    Not `dg.RetryPolicy`: that also repeats bugs, and steps that somebody terminates.

    Args:
        failure: What is wrong, which the log repeats.

    Returns:
        The request, to be raised; None if all attempts are used up, or if no step runs here.
    """
    step, attempts = _step(), get_settings().step_retries
    if step is None or step.retry_number >= attempts:
        return None
    # Jitter, so that steps that met the same outage do not all come back at the same moment.
    policy = dg.RetryPolicy(delay=FIRST_SECONDS, backoff=dg.Backoff.EXPONENTIAL, jitter=dg.Jitter.PLUS_MINUS)
    seconds = policy.calculate_delay(step.retry_number + 1)
    step.log.warning(f"{failure.description} This may pass: trying again in {seconds:.0f} seconds")
    return dg.RetryRequested(max_retries=attempts, seconds_to_wait=seconds)


def jvm_has_ended(error: BaseException) -> bool:
    """Whether an error, or what caused it, is that the JVM of this process's Spark is gone: it was killed, mostly for
    its memory. Nothing can bring it back in this process.
    """
    if "py4j" not in sys.modules:
        return False
    from py4j.protocol import Py4JNetworkError

    step: BaseException | None = error
    while step is not None and not isinstance(step, Py4JNetworkError):
        step = step.__cause__ or step.__context__
    return step is not None


def take_up_in_another_process() -> None:
    """Let Dagster's daemon take up this run once it has failed, as if its own process had died."""
    if step := _step():
        step.instance.add_run_tags(step.run_id, {"dagster/retry_on_asset_or_op_failure": "true"})


def _step() -> dg.OpExecutionContext | None:
    """The step that runs; None in a sensor, whose next tick is the next attempt, and without Dagster."""
    try:
        return dg.OpExecutionContext.get()
    except dg.DagsterInvariantViolationError:
        return None
