"""How many partitions one run of a backfill makes.

Belongs here: the policy that all dated tables share. Does not: which partitions there are (`partitions.py`).
"""

import dagster as dg

from fq_platform.settings import get_settings


def backfill_policy() -> dg.BackfillPolicy:
    """The policy of every dated asset: one that differs would cut the backfill of a chain into a run a partition.

    Returns:
        Runs of at most `FQ_BACKFILL_PARTITIONS` partitions, each contiguous, or one run of all partitions if it is 0.
    """
    partitions = get_settings().backfill_partitions
    return dg.BackfillPolicy.multi_run(partitions) if partitions else dg.BackfillPolicy.single_run()
