"""The least that landing a collection can cost: its bytes read, its finished tables written, nothing else.

Belongs here: those two, measured. Does not: decoding, comparing, committing.
"""

from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import pyarrow as pa
import pyarrow.parquet as pq

from benchmarks.lake import Lake
from benchmarks.measure import Cost
from fq_platform.extraction.ranges import Range
from fq_platform.extraction.reading import ReadOptions, read
from fq_platform.extraction.sync import SyncOptions
from fq_platform.extraction.windows import Window

_NOT_IN_THE_FILE = {"compression_level": 1, "write_batch_size": 16_384, "store_schema": False}
"""Settings as `fq_platform/lakehouse/parquet.py` has them."""


def run(uri: str, home: str, collection: str) -> dict[str, Any]:
    """Read a landed collection once more and write its tables once more.

    Args:
        uri: The replay server.
        home: Folder of a lake that has the collection.
        collection: Its name.

    Returns:
        The cost of reading, by the platform's own reader and by pymongo's `find_raw_batches`, and of writing (CPU-s).
    """
    lake = Lake(uri, Path(home) / "lake")
    return {
        "read": _reading(lambda: _own(lake, collection)),
        "read_pymongo": _reading(lambda: _pymongo(lake, collection)),
        "write": _writing(lake.data_files(collection), Path(home) / "again.parquet"),
    }


def _own(lake: Lake, collection: str) -> Iterator[bytes]:
    return read(
        lake.database[collection], Window(), Range.everything(), ReadOptions(batch_bytes=SyncOptions().batch_bytes)
    )


def _pymongo(lake: Lake, collection: str) -> Iterator[bytes]:
    return iter(lake.database[collection].find_raw_batches(sort=[("_id", 1)]))


def _reading(read_all: Callable[[], Iterator[bytes]]) -> float:
    next(read_all())  # warm: imports, a connection
    cost = Cost()
    with cost.measured():
        for _ in read_all():
            pass
    return cost.cpu


def _writing(files: list[Path], target: Path) -> float:
    pq.write_table(pa.table({"warm": [1]}), target, compression="zstd")
    cost = Cost()
    for file in files:
        settings = settings_of(file)
        table = pq.read_table(file, partitioning=None)
        with cost.measured():
            pq.write_table(table, target, **settings)
        target.unlink()
    return cost.cpu


def settings_of(file: Path) -> dict[str, Any]:
    """The settings of `write_table` that make a file like another.

    Args:
        file: A Parquet file that the platform wrote.

    Returns:
        What the file tells: compression, rows in a row group, the columns with dictionaries and with statistics; and
        what no file tells.
    """
    group = pq.read_metadata(file).row_group(0)
    columns = [group.column(number) for number in range(group.num_columns)]
    return _NOT_IN_THE_FILE | {
        "compression": columns[0].compression.lower(),
        "row_group_size": group.num_rows,
        "use_dictionary": [column.path_in_schema for column in columns if column.has_dictionary_page],
        "write_statistics": [column.path_in_schema for column in columns if column.is_stats_set],
    }
