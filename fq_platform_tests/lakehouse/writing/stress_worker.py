"""One of several processes that write one table: appends and merges through the product's own entry, or PyIceberg.

Run as `python -m fq_platform_tests.lakehouse.writing.stress_worker KIND NAME COMMITS`; the environment says which lake.
It says `ready` on standard output, begins at a line on standard input, and tells every commit that was acknowledged.
"""

import random
import sys
import time

from fq_platform.lakehouse.catalog import open_catalog
from fq_platform.lakehouse.layout import Layer, TableName, layout_of
from fq_platform.lakehouse.table_options import TableOptions, Target, WriteMode
from fq_platform.settings import Settings, load_settings

TABLE = TableName(Layer.ANALYTICS, "contended")

KINDS: dict[str, tuple[WriteMode, ...]] = {
    "appends": (WriteMode.APPEND,),
    "merges": (WriteMode.MERGE,),
    "both": (WriteMode.APPEND, WriteMode.MERGE),
    "pyiceberg": (),
}
"""What a process does by turns with Spark; the last one appends with PyIceberg."""

LONGEST_PAUSE = 2.0
"""Seconds between two commits of PyIceberg. Without any pause no merge would find the table as it left it."""


def target_of(settings: Settings, mode: WriteMode) -> Target:
    """The table, as one of its writers declares it."""
    layout = layout_of(settings)
    table = layout.place(TABLE)
    keys = ("id",) if mode is WriteMode.MERGE else ()
    return Target(table, layout.location(table), TableOptions(mode, keys))


def spark_writer(settings: Settings, name: str, commits: int, modes: tuple[WriteMode, ...]) -> None:
    """Append or merge. A merge adds a row, counts up another, and takes away the one of four commits ago."""
    from fq_platform.lakehouse.spark_write import write
    from fq_platform.resources.spark import start_session

    spark, catalog = start_session(settings), open_catalog(settings)
    spark.range(1).count()
    wait_for_the_others()
    for number in range(commits):
        mode = modes[number % len(modes)]
        merges = mode is WriteMode.MERGE
        rows = [(f"{name}-{number}", number, "insert")]
        if merges:
            rows += [(f"{name}-count", number, "update"), (f"{name}-{number - 4}", 0, "delete")]
        frame = spark.createDataFrame(rows, "id STRING, n BIGINT, _fq_op STRING")
        summary = {"fq.run-id": f"{name}-{number}"}
        given = frame if merges else frame.drop("_fq_op")
        write(spark, catalog, target_of(settings, mode), given, windows=None, summary=summary)
        tell("merged" if merges else "appended", number)


def pyiceberg_writer(settings: Settings, name: str, commits: int) -> None:
    """Append, as the extraction does, with short pauses."""
    import pyarrow as pa

    from fq_platform.lakehouse.writing.retry import with_retries

    catalog = open_catalog(settings)
    identifier = layout_of(settings).place(TABLE).identifier
    wait_for_the_others()
    for number in range(commits):
        rows = pa.table({"id": [f"{name}-{number}"], "n": pa.array([number], pa.int64())})
        with_retries(lambda rows=rows: catalog.load_table(identifier).append(rows), where=TABLE.qualified)
        tell("appended", number)
        time.sleep(random.uniform(0, LONGEST_PAUSE))


def wait_for_the_others() -> None:
    """All begin at once, however long a JVM takes to start."""
    tell("ready")
    sys.stdin.readline()


def tell(what: str, *number: int) -> None:
    """Say it at once: a process that is killed later has said what it was acknowledged."""
    sys.stdout.write(" ".join(map(str, (what, *number))) + "\n")
    sys.stdout.flush()


if __name__ == "__main__":
    kind, own_name, count = sys.argv[1:]
    if KINDS[kind]:
        spark_writer(load_settings(), own_name, int(count), KINDS[kind])
    else:
        pyiceberg_writer(load_settings(), own_name, int(count))
