"""When a step whose error may pass tries again.

Belongs here: how often and how soon. Does not: which errors may pass (`FqError.transient`); runs whose process died,
which Dagster's daemon takes up again (`dagster.yaml`).
"""

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
    try:
        step = dg.OpExecutionContext.get()
    except dg.DagsterInvariantViolationError:  # a sensor, whose next tick is the next attempt; or no Dagster at all
        return None
    attempts = get_settings().step_retries
    if step.retry_number >= attempts:
        return None
    # Jitter, so that steps that met the same outage do not all come back at the same moment.
    policy = dg.RetryPolicy(delay=FIRST_SECONDS, backoff=dg.Backoff.EXPONENTIAL, jitter=dg.Jitter.PLUS_MINUS)
    seconds = policy.calculate_delay(step.retry_number + 1)
    step.log.warning(f"{failure.description} This may pass: trying again in {seconds:.0f} seconds")
    return dg.RetryRequested(max_retries=attempts, seconds_to_wait=seconds)
