"""The columns of a raw table that tell the versions of a document apart.

Belongs here: what every engine that reads the current state needs. Does not: reading it (`lakehouse/current.py` in
Spark, `query/current_state.py` in DuckDB).
"""

from collections.abc import Iterable

from fq_platform.errors import FqError

VERSION_COLUMNS = ("_id", "_fq_op", "_fq_window", "_fq_extracted_at", "_fq_hash")


def require_changelog(name: str, columns: Iterable[str]) -> None:
    """Refuse a table that has no current state because it keeps no versions.

    Args:
        name: The table's name, such as `raw.ecommerce_db_orders`.
        columns: The names of its columns.

    Raises:
        FqError: It is no changelog.
    """
    missing = [column for column in VERSION_COLUMNS if column not in set(columns)]
    if missing:
        raise FqError(
            f"{name} is not a changelog: it has no column {missing[0]}",
            where=f"current({name})",
            fix="Ask for the current state of a raw table; the other layers hold theirs, so read them as they are",
        )
