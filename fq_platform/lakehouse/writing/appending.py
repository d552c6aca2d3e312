"""The mode `append`: rows are added, once for each run and partition however often its step is executed.

Belongs here: this mode. Does not: what modes share.
"""

from collections.abc import Mapping
from dataclasses import replace
from typing import TYPE_CHECKING

from pyiceberg.manifest import DataFile, DataFileContent

from fq_platform.errors import FqError
from fq_platform.lakehouse.spark_table import Written
from fq_platform.lakehouse.writing.commit import append, own_snapshot, written
from fq_platform.lakehouse.writing.contents import contents, fingerprint
from fq_platform.lakehouse.writing.job import Job
from fq_platform.lakehouse.writing.staging import staged
from fq_platform.lakehouse.writing.state import State, ancestors, properties_of

if TYPE_CHECKING:
    from pyiceberg.table.snapshots import Snapshot

FINGERPRINT = "fq.fingerprint"
"""Property of a snapshot: what was appended, as number of rows and sum of their hashes."""

_RUN, _ROOT_RUN = "fq.run-id", "fq.root-run-id"
_SCOPE = ("fq.asset", "fq.partition")


def append_rows(job: Job) -> Written:
    """Add the rows, unless this run has added them already; what it added before and are others now, are replaced.

    Returns:
        What was written.

    Raises:
        FqError: The run has added other rows before, and their files have been rewritten since.
    """
    table, state = job.target.table, job.state()
    changes = job.changes(state) if state else []
    contents(table, job.windows, job.rows)  # refuses stray rows before the table is touched
    state = job.prepare(state, changes)
    new = job.conformed_to(state.schema)
    (content,) = contents(table, job.windows, new, hashed=True)
    job = replace(job, summary={**job.summary, FINGERPRINT: fingerprint(content)})
    landed = own_snapshot(state.table, job.summary)
    earlier = _own_append(state, job.summary)
    if landed is not None:
        changed = True  # by an attempt of this call, whose answer was lost
    elif earlier is None:
        changed = any(rows for rows, _ in content.values())
        if changed:
            append(job.target, new, job.summary)
    else:
        changed = properties_of(earlier)[FINGERPRINT] != job.summary[FINGERPRINT]
        if changed:
            _replace(job, state, earlier)
    return written(job.catalog, job.target, content, state.schema, job.summary, changed=changed)


def _own_append(state: State, summary: Mapping[str, str]) -> "Snapshot | None":
    """What this run, or the one that it is a re-execution of, appended for the same asset and partition."""
    own = _identity(summary)
    if own is None:
        return None
    for snapshot in ancestors(state.table, state.base):
        properties = properties_of(snapshot)
        if FINGERPRINT in properties and _identity(properties) == own:
            return snapshot
    return None


def _identity(properties: Mapping[str, str]) -> tuple[str | None, ...] | None:
    run = properties.get(_ROOT_RUN) or properties.get(_RUN)
    return (run, *(properties.get(name) for name in _SCOPE)) if run else None


def _replace(job: Job, state: State, earlier: "Snapshot") -> None:
    """Let the rows take the place of those that a snapshot added, at once.

    Raises:
        FqError: Some of its files are no longer there: its rows cannot be told from others.
    """
    added = _files(state, earlier, only_added=True)
    if state.base is None or not added.keys() <= _files(state, state.base).keys():
        raise FqError(
            "This run has appended rows before, which differ from those that it appends now and whose files have been "
            "rewritten since; nothing was written",
            where=job.target.table.qualified,
            fix=f"Start a new run to append in addition. To replace them, first delete the rows that the snapshot "
            f"{earlier.snapshot_id} added",
        )
    with staged(job.catalog, job.target, state.base.snapshot_id) as work:
        table = job.catalog.load_table(work.table.identifier)
        with (
            table.transaction() as transaction,
            transaction.update_snapshot(branch=work.ref).overwrite() as removal,
        ):
            for file in added.values():
                removal.delete_data_file(file)
        append(work, job.conformed_to(state.schema), job.summary)


def _files(state: State, snapshot: "Snapshot", *, only_added: bool = False) -> dict[str, DataFile]:
    """The data files that a snapshot holds, or that it added, by path."""
    io = state.table.io
    return {
        entry.data_file.file_path: entry.data_file
        for manifest in snapshot.manifests(io)
        if not only_added or manifest.added_snapshot_id == snapshot.snapshot_id
        for entry in manifest.fetch_manifest_entry(io, discard_deleted=True)
        if entry.data_file.content is DataFileContent.DATA
        and (not only_added or entry.snapshot_id in (None, snapshot.snapshot_id))
    }
