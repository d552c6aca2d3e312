"""The failure of a step whose rows did not pass: what was found, where it can be looked at, what to do.

Belongs here: words. Does not: auditing (`publishing.py`).
"""

from collections.abc import Mapping
from typing import TYPE_CHECKING

import dagster as dg

from fq_platform.checks.reporting import finding
from fq_platform.io_managers.snapshot_metadata import query_as_of

if TYPE_CHECKING:
    from fq_platform.assets.publishing import Outcome

BROKEN_RULES = "broken rules"
"""The metadata entry that tells such a failure from others."""


def audit_failure(outcome: "Outcome", rules: Mapping[str, str]) -> dg.Failure:
    """Make the failure of an audit.

    Args:
        outcome: What came of the write; it did not pass.
        rules: What holds, in one sentence, by the rule's name.

    Returns:
        The failure to raise. The step is not tried again: the same rows would fail again.
    """
    table, branch = outcome.table, outcome.branch
    broken = {name: result for name, result in outcome.found.items() if not result.passed}
    found = "\n".join(f"- {name}: {finding(rules[name], result)}" for name, result in broken.items())
    metadata = {BROKEN_RULES: ", ".join(broken)}
    if branch:
        in_spark = " ".join(("SELECT * FROM", f"{table.qualified}.branch_{branch}"))
        in_a_shell = query_as_of(table, outcome.stored.written.snapshot_id)
        what = "The rows did not pass and were not published: readers see what was there before"
        fix = f"Look at them: `{in_spark}` in Spark, or `{in_a_shell}`; correct the source or the transform; run again"
        metadata |= {"branch": branch, "in Spark": in_spark, "in a shell": in_a_shell}
    else:
        what = "Nothing changed, but rows that are published already break a rule"
        fix = "Correct the source, the transform or the rule, and run again"
    where = f"{table.qualified}, branch {branch}" if branch else table.qualified
    return dg.Failure(
        f"{what}\n{found}\nWhere: {where}\nWhat to do: {fix}",
        {"what": what, "where": where, "what to do": fix, **metadata},
        allow_retries=False,
    )


def of_rejected_rows(key: dg.AssetKey, result: dg.AssetCheckResult) -> dg.AssetCheckEvaluation:
    """What a check found in rows that were never materialised.

    Dagster would hold it to be about the last materialisation of the run's day, and the UI would show the check as not
    evaluated as soon as another day was materialised after that.

    Args:
        key: The asset.
        result: The check's result.
    """
    return dg.AssetCheckEvaluation(
        asset_key=key,
        check_name=result.check_name or "",
        passed=result.passed,
        metadata=result.metadata,
        severity=result.severity,
        description=result.description,
        blocking=True,
    )
