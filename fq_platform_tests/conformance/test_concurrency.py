"""Writers of both engines add to one table at the same time: every acknowledged commit is there, once."""

from concurrent.futures import ThreadPoolExecutor

import pyarrow as pa
import pytest
from pyiceberg.exceptions import CommitFailedException

from fq_platform.lakehouse.layout import Layer, TableName
from fq_platform.lakehouse.spark_write import write
from fq_platform.lakehouse.table_options import TableOptions, Target, WriteMode
from fq_platform_tests.conformance.lakehouse import Lakehouse

pytestmark = pytest.mark.services

COMMITS = 4


def add_with_spark(lakehouse: Lakehouse, table: TableName, first: int) -> list[int]:
    target = Target(table, lakehouse.location(table), TableOptions(WriteMode.APPEND))
    for number in range(first, first + COMMITS):
        rows = lakehouse.session.range(number, number + 1)
        write(lakehouse.session, lakehouse.catalog, target, rows, windows=None, summary={"fq.run-id": f"run {number}"})
    return list(range(first, first + COMMITS))


def add_with_pyiceberg(lakehouse: Lakehouse, table: TableName, first: int) -> list[int]:
    acknowledged: list[int] = []
    while len(acknowledged) < COMMITS:
        number = first + len(acknowledged)
        try:
            lakehouse.load(table).append(pa.table({"id": [number]}))
        except CommitFailedException:
            continue
        acknowledged.append(number)
    return acknowledged


def test_every_acknowledged_commit_is_there_once(lakehouse: Lakehouse) -> None:
    table = lakehouse.table(Layer.ANALYTICS, "contended")
    schema = pa.schema([("id", pa.int64())])
    lakehouse.catalog.create_table(table.identifier, schema, lakehouse.location(table))
    assert lakehouse.session.table(table.qualified).count() == 0  # the session exists before the threads
    writers = [(add_with_spark, 0), (add_with_spark, 100), (add_with_pyiceberg, 200), (add_with_pyiceberg, 300)]

    with ThreadPoolExecutor(len(writers)) as pool:
        running = [pool.submit(add, lakehouse, table, first) for add, first in writers]
        acknowledged = [number for writer in running for number in writer.result()]

    assert len(acknowledged) == len(writers) * COMMITS
    assert lakehouse.rows(table) == sorted(((number,) for number in acknowledged), key=repr)
