"""The MongoDB Spark Connector: documents as their bytes, in a DataFrame.

Belongs here: its options, its jars, and the filter of some windows. Does not: the partitioner (`deployment.py`), or
what becomes of documents (`tasks.py`).
"""

from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Any
from urllib.parse import quote

from bson.datetime_ms import DatetimeMS
from bson.json_util import CANONICAL_JSON_OPTIONS, dumps

from fq_platform.errors import FqError
from fq_platform.extraction.windows import Window
from fq_platform.resources.jars import Jar, jar_paths, pinned_jars
from fq_platform.settings import Settings

if TYPE_CHECKING:
    from pyspark.sql import DataFrame, SparkSession

DOCUMENT = "_fq_document"
USE = "extraction"
"""What the connector's jars are for, in `jars.toml`."""
MONGO_BSON = Path(__file__).parents[2] / "resources" / "mongo_bson" / "mongo-bson.jar"
"""Makes the connector hand out bytes that nobody has decoded and encoded again; its source is beside it."""
_CLIENTS = "fq.mongo.WholeDocuments"
_WHOLE: dict[str, Any] = {"$project": {DOCUMENT: "$$ROOT"}}


def connector_jars() -> list[Jar]:
    """The jars of the connector and its driver, for the installed Spark."""
    return [jar for jar in pinned_jars() if USE in jar.uses]


def load_connector(spark: "SparkSession", settings: Settings) -> None:
    """Give a session, and the executors, the connector. To be called by the thread that reads; twice is not too often.

    A session that extracts nothing is started without it, and no slower for it.

    Args:
        spark: The session.
        settings: Where jars are fetched from, and kept.

    Raises:
        FqError: The installed Spark has no connector, or it cannot be fetched.
    """
    jars = connector_jars()
    if not jars:
        raise FqError(
            "There is no MongoDB Spark Connector for the installed Spark",
            where="engine: spark",
            fix="Use the engine arrow, or pip install 'pyspark==3.5.*'",
        )
    for path in (*jar_paths(settings, jars), MONGO_BSON):
        spark.sql(f"ADD JAR '{path}'")


def documents(spark: "SparkSession", options: Mapping[str, str], windows: Sequence[Window]) -> "DataFrame":
    """The documents that the windows' filters find, each once, as one column of bytes.

    Args:
        spark: A session with the connector.
        options: What `read_options` gives.
        windows: The windows.
    """
    filter_ = filter_of(windows)
    pipeline = [*([{"$match": filter_}] if filter_ else []), _WHOLE]
    return (
        spark.read.format("mongodb")
        .schema(f"{DOCUMENT} BINARY")
        .options(**options)
        .option("aggregation.pipeline", dumps(pipeline, json_options=CANONICAL_JSON_OPTIONS))
        .load()
    )


def read_options(
    uri: str, database: str, collection: str, partitioner: str, read_preference: str | None = None
) -> dict[str, str]:
    """The connector's options.

    Args:
        uri: The MongoDB; it may hold a password, so never log these options.
        database: The database's name.
        collection: The collection's name.
        partitioner: The full name of the partitioner's class.
        read_preference: Name of a read preference; None for the URI's.
    """
    return {
        "connection.uri": with_read_preference(uri, read_preference),
        "database": database,
        "collection": collection,
        "partitioner": partitioner,
        "mongoClientFactory": _CLIENTS,
        # A value that cannot be converted is an error, not a null.
        "mode": "FAILFAST",
    }


def with_read_preference(uri: str, name: str | None) -> str:
    """A URI that says a read preference, as the Java driver takes it from nowhere else.

    Args:
        uri: A MongoDB URI.
        name: Such as `secondaryPreferred`; None leaves the URI as it is.
    """
    if name is None:
        return uri
    base, _, query = uri.partition("?")
    kept = [option for option in query.split("&") if option and not option.lower().startswith("readpreference=")]
    scheme, _, rest = base.partition("://")
    base = base if "/" in rest else f"{scheme}://{rest}/"
    return f"{base}?{'&'.join([*kept, f'readPreference={quote(name)}'])}"


def filter_of(windows: Sequence[Window]) -> dict[str, Any]:
    """A MongoDB filter that finds every document of some windows, and perhaps some more; days that follow each other
    are one range.

    Args:
        windows: Windows of one collection.

    Returns:
        The filter; empty if it finds all documents.
    """
    if any(window.day is None for window in windows) or _are_all(windows):
        return {}
    clauses = [window.filter for window in windows if window.is_first]
    field = windows[0].field or ""
    begins = sorted(_bounds(window) for window in windows if not window.is_first)
    runs: list[tuple[int, int]] = []
    for begin, last in begins:
        if runs and begin <= runs[-1][1] + 1:
            runs[-1] = (runs[-1][0], max(last, runs[-1][1]))
        else:
            runs.append((begin, last))
    clauses += [{field: {"$gte": DatetimeMS(begin), "$lte": DatetimeMS(last)}} for begin, last in runs]
    return clauses[0] if len(clauses) == 1 else {"$or": clauses}


def bounds(windows: Sequence[Window]) -> list[tuple[int, int, int]]:
    """The first and the last event time (ms) of days other than the first one, ascending, with their positions."""
    dated = [(position, window) for position, window in enumerate(windows) if window.day and not window.is_first]
    return sorted((*_bounds(window), position) for position, window in dated)


def _bounds(window: Window) -> tuple[int, int]:
    inside = window.filter[str(window.field)]
    return int(inside["$gte"]), int(inside["$lte"])


def _are_all(windows: Sequence[Window]) -> bool:
    days = sorted(window.day for window in windows if window.day)
    first, last = windows[0].start_date, windows[0].last_day
    if first is None or last is None or days[0] != first or days[-1] < last:
        return False
    return len(set(days)) >= (last - first).days + 1
