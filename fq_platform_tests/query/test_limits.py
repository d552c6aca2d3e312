"""A result ends behind the last row allowed, and a query when its time is over."""

import time
from collections.abc import Iterator

import pyarrow as pa
import pytest

from fq_platform.errors import FqError
from fq_platform.query.engine import QueryEngine, open_engine
from fq_platform.query.limits import Deadline, limited
from fq_platform.query.options import EngineName
from fq_platform.settings import Settings

SCHEMA = pa.schema([("n", pa.int64())])


class Source:
    """Batches of four rows, and whether their query was ended."""

    def __init__(self) -> None:
        self.given = 0
        self.ended = False

    def reader(self, batches: int) -> pa.RecordBatchReader:
        return pa.RecordBatchReader.from_batches(SCHEMA, self._batches(batches))

    def _batches(self, batches: int) -> Iterator[pa.RecordBatch]:
        try:
            for number in range(batches):
                self.given += 1
                yield pa.record_batch([pa.array(range(number * 4, number * 4 + 4))], schema=SCHEMA)
        finally:
            self.ended = True


def test_rows_behind_the_last_one_allowed_are_neither_read_nor_given() -> None:
    source = Source()
    told: list[str] = []
    cut = limited(source.reader(1_000), 6, told.append).read_all()
    assert cut["n"].to_pylist() == [0, 1, 2, 3, 4, 5]
    assert told == ["There are more rows: these are the first 6 (FQ_QUERY_ROWS, --rows; 0 gives all)"]
    assert (source.given, source.ended) == (2, True)


@pytest.mark.parametrize("rows", [8, 9, 0])
def test_nothing_is_told_where_nothing_is_cut(rows: int) -> None:
    told: list[str] = []
    assert limited(Source().reader(2), rows, told.append).read_all().num_rows == 8
    assert told == []


def test_a_cut_between_two_batches_is_told() -> None:
    told: list[str] = []
    assert limited(Source().reader(2), 4, told.append).read_all().num_rows == 4
    assert len(told) == 1


@pytest.fixture
def hasty(lake_settings: Settings) -> QueryEngine:
    return open_engine(EngineName.DUCKDB, lake_settings.model_copy(update={"query_timeout_seconds": 1.5}))


def test_duckdb_ends_a_query_when_its_time_is_over(hasty: QueryEngine) -> None:
    began = time.monotonic()
    with pytest.raises(FqError, match=r"took longer than 1\.5 seconds") as caught:
        hasty.execute("SELECT count(*) FROM range(10_000_000) a, range(10_000_000) b WHERE a.range * b.range % 7 = 1")
    assert caught.value.where == "FQ_QUERY_TIMEOUT_SECONDS"
    assert time.monotonic() - began < 15


def test_the_time_runs_on_while_rows_are_read(hasty: QueryEngine) -> None:
    reader = hasty.execute("SELECT * FROM range(1_000_000_000_000)")
    reader.read_next_batch()
    time.sleep(1.6)
    with pytest.raises(FqError, match="took longer"):
        reader.read_all()


def test_a_query_in_time_is_not_disturbed(hasty: QueryEngine) -> None:
    assert hasty.execute("SELECT 1 AS n").read_all().to_pylist() == [{"n": 1}]


def test_what_has_ended_by_itself_or_may_take_any_time_is_not_stopped() -> None:
    stopped: list[str] = []
    over = Deadline(0.05, lambda: stopped.append("over"))
    ended, endless = (Deadline(seconds, lambda: stopped.append("late")) for seconds in (0.05, 0))
    ended.cancel()
    endless.cancel()
    time.sleep(0.3)
    assert stopped == ["over"]
    assert (over.passed, ended.passed, endless.passed) == (True, False, False)
