"""One of several processes that write one table: appends and merges through the product's own entry, or PyIceberg.

Run as `python -m fq_platform_tests.lakehouse.writing.stress_worker KIND NAME COMMITS`; the environment says which lake.
Every commit that was acknowledged is a line of standard output.
"""

import random
import sys
import time

from fq_platform.lakehouse.catalog import open_catalog
from fq_platform.lakehouse.layout import Layer, TableName, layout_of
from fq_platform.lakehouse.table_options import TableOptions, Target, WriteMode
from fq_platform.settings import Settings, load_settings

TABLE = TableName(Layer.ANALYTICS, "contended")


def target_of(settings: Settings, mode: WriteMode) -> Target:
    """The table, as one of its writers declares it."""
    layout = layout_of(settings)
    table = layout.place(TABLE)
    keys = ("id",) if mode is WriteMode.MERGE else ()
    return Target(table, layout.location(table), TableOptions(mode, keys))


def spark_writer(settings: Settings, name: str, commits: int) -> None:
    """Append and merge by turns. A merge adds a row, counts up another, and takes away the row before the last."""
    from fq_platform.lakehouse.spark_write import write
    from fq_platform.resources.spark import start_session

    spark, catalog = start_session(settings), open_catalog(settings)
    for number in range(commits):
        merges = number % 2 == 1
        rows = [(f"{name}-{number}", number, "insert")]
        if merges:
            rows += [(f"{name}-count", number, "update"), (f"{name}-{number - 4}", 0, "delete")]
        frame = spark.createDataFrame(rows, "id STRING, n BIGINT, _fq_op STRING")
        target = target_of(settings, WriteMode.MERGE if merges else WriteMode.APPEND)
        summary = {"fq.run-id": f"{name}-{number}"}
        write(spark, catalog, target, frame if merges else frame.drop("_fq_op"), windows=None, summary=summary)
        acknowledge("merged" if merges else "appended", number)


def pyiceberg_writer(settings: Settings, name: str, commits: int) -> None:
    """Append, as the extraction does, and as often as it can."""
    import pyarrow as pa

    from fq_platform.lakehouse.writing.retry import with_retries

    catalog = open_catalog(settings)
    identifier = layout_of(settings).place(TABLE).identifier
    for number in range(commits):
        rows = pa.table({"id": [f"{name}-{number}"], "n": pa.array([number], pa.int64())})
        with_retries(lambda rows=rows: catalog.load_table(identifier).append(rows), where=TABLE.qualified)
        acknowledge("appended", number)
        time.sleep(random.uniform(0, 1))


def acknowledge(what: str, number: int) -> None:
    """Tell that a commit was acknowledged."""
    sys.stdout.write(f"{what} {number}\n")
    sys.stdout.flush()


if __name__ == "__main__":
    kind, own_name, count = sys.argv[1:]
    {"spark": spark_writer, "pyiceberg": pyiceberg_writer}[kind](load_settings(), own_name, int(count))
