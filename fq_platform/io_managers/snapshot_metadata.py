"""What a materialisation says of the snapshot that holds it, so that a person gets from the UI to its rows.

Belongs here: the words. Does not: finding the snapshot.
"""

import dagster as dg

from fq_platform.lakehouse.layout import TableName


def query_as_of(table: TableName, snapshot_id: int | None) -> str:
    """The command that shows a table as a snapshot has it.

    Args:
        table: The table, placed.
        snapshot_id: One of its snapshots.
    """
    query = " ".join(("SELECT * FROM", table.dotted))
    return f'fq query --as-of {snapshot_id} "{query}"'


def snapshot_metadata(table: TableName, snapshot_id: int | None) -> dict[str, dg.MetadataValue]:
    """The metadata of a materialisation that lead to its rows.

    Args:
        table: The table, placed.
        snapshot_id: The snapshot that holds what was materialised; None if the table has none.

    Returns:
        `snapshot_id`, and `query`: a command that the UI copies with a click.
    """
    if snapshot_id is None:
        return {}
    return {
        # A 64-bit number: as text, since JavaScript would round it.
        "snapshot_id": dg.MetadataValue.text(str(snapshot_id)),
        # Not a path, but what the UI shows of one is what a command needs: all of it, and a button that copies it.
        "query": dg.MetadataValue.path(query_as_of(table, snapshot_id)),
    }
