"""The mode `overwrite`: windows, or the whole table, hold exactly the rows, in one publication.

Belongs here: this mode. Does not: what modes share.
"""

from fq_platform.lakehouse.spark_table import Written, any_of, within
from fq_platform.lakehouse.writing.commit import append, overwrite, written
from fq_platform.lakehouse.writing.contents import contents
from fq_platform.lakehouse.writing.job import Job
from fq_platform.lakehouse.writing.staging import staged
from fq_platform.lakehouse.writing.state import State, rows_at

_FILES_HOLD_MORE = "Cannot delete file where some, but not all, rows match filter"
"""What Iceberg says when a file holds rows of the windows and others, since windows are no unions of partitions."""


def overwrite_windows(job: Job) -> Written:
    """Replace what is in the windows, unless it is equal.

    Returns:
        What was written.
    """
    table, state = job.target.table, job.state()
    changes = job.changes(state) if state else []
    # The new rows are looked at before the table is touched, so that what is refused leaves no trace.
    if state and not changes:
        new = job.conformed_to(state.schema)
        present = rows_at(job.spark, job.target, state)
        replaced = present if job.windows is None else within(present, table, job.windows)
        content, old_content = contents(table, job.windows, new, replaced)
        changed = content != old_content or state.base is None
    else:
        (content,), changed = contents(table, job.windows, job.rows), True
    state = job.prepare(state, changes, writes=changed)
    if changed:
        replace_where(job, state, "true" if job.windows is None else any_of(job.windows, table, state.schema))
    return written(job.catalog, job.target, content, state.schema, job.summary, changed=changed)


def replace_where(job: Job, state: State, predicate: str) -> None:
    """Replace the rows that the predicate holds for by the job's.

    Whole files are exchanged where the predicate covers whole files. Whoever comes last has the say.
    """
    rows = job.conformed_to(state.schema)
    try:
        overwrite(job.target, rows, predicate, job.summary)
    except Exception as error:
        if _FILES_HOLD_MORE not in str(error):
            raise
        delete_and_append(job, state, predicate)


def delete_and_append(job: Job, state: State, predicate: str) -> None:
    """The same row by row: readers see both statements at once, or neither."""
    base = state.base.snapshot_id if state.base else None
    with staged(job.catalog, job.target, base) as work:
        job.spark.sql(f"DELETE FROM {work.name} WHERE {predicate}")  # noqa: S608 - the platform's own predicate
        append(work, job.conformed_to(state.schema), job.summary)
