"""What each stage of a load costs by itself, and where the time of a whole one goes.

Belongs here: the stages, one after the other, over batches that lie in memory. Does not: targets.
"""

from collections.abc import Iterator, Sequence
from pathlib import Path
from typing import Any

import pyarrow as pa
import pyarrow.parquet as pq

from benchmarks.jobs.sync import warm_up
from benchmarks.lake import Lake
from benchmarks.measure import Cost
from benchmarks.sampling import Sampler
from fq_platform.extraction.batch import Batch, index
from fq_platform.extraction.decoder import Decoder
from fq_platform.extraction.ranges import Range
from fq_platform.extraction.reading import ReadOptions, read
from fq_platform.extraction.sync import SyncOptions
from fq_platform.extraction.windows import Window

_EMPTY = pa.schema([])


def run(uri: str, home: str, collection: str, warm: str) -> dict[str, Any]:
    """Run each stage alone, then a whole load under a sampling profiler.

    Args:
        uri: The replay server.
        home: Folder for lakes.
        collection: What to land.
        warm: A small collection of the same kind, to warm up with.

    Returns:
        The CPU time of each stage (seconds), and the profile: function and share, the largest first.
    """
    warm_up(uri, Path(home) / "warm", warm)
    lake = Lake(uri, Path(home) / "lake")
    lake.connect()
    costs = {name: Cost() for name in ("read", "index", "decode", "parquet")}
    with costs["read"].measured():
        for _ in _read(lake, collection):
            pass
    raw = [bytearray(data) for data in _read(lake, collection)]  # writable, as what warmed up: else it is compiled anew
    with costs["index"].measured():
        batches = [index(data) for data in raw]
    _decode_and_write(batches, Path(home) / "stage.parquet", costs["decode"], costs["parquet"])
    del raw, batches
    with Sampler() as sampler:
        lake.sync(collection, workers=1)
    return {"cpu": {name: cost.cpu for name, cost in costs.items()}, "profile": sampler.shares()}


def _read(lake: Lake, collection: str) -> Iterator[bytes | memoryview]:
    options = ReadOptions(batch_bytes=SyncOptions().batch_bytes)
    return read(lake.database[collection], Window(), Range.everything(), options)


def _decode_and_write(batches: Sequence[Batch], target: Path, decoding: Cost, writing: Cost) -> None:
    """By turns, as what is decoded lies in memory that the next batch uses again."""
    decoder = Decoder(_EMPTY)
    writer: pq.ParquetWriter | None = None
    for batch in batches:
        with decoding.measured():
            columns = decoder.decode(batch).columns
        if writer is None:
            writer = pq.ParquetWriter(target, columns.schema, compression="zstd", compression_level=1)
        with writing.measured():
            writer.write_batch(columns)
    if writer is not None:
        with writing.measured():
            writer.close()
