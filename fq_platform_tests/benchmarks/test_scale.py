"""The page docs/scale.md is what its script writes, and the formulae behind it give what a pencil gives."""

import math
from dataclasses import fields, replace
from decimal import Decimal

import pytest

from benchmarks.cases import CASES
from benchmarks.scale import costs, days, model, tables
from benchmarks.scale.__main__ import PAGE, default_page, main
from benchmarks.scale.inputs import Inputs, Origin, note
from benchmarks.scale.model import Capacity, Limit, Workload
from benchmarks.scale.prices import Price, Prices, core_hour, with_core_price

ROUND = replace(
    Inputs(),
    document_bytes=1_000,
    stored_part=0.1,
    arrow_rate=100_000,  # 100 MB a second and core
    spark_rate=10_000,  # 10 MB
    unchanged_part=0.5,
    two_workers=1.6,  # a serial part of a quarter: never more than four workers' worth
    spark_start=10,
    columns=10,
    manifest_file=500,
    manifest_alone=5_000,
    list_manifest=50,
    metadata_snapshot=1_000,
    metadata_column=100,
    commit_files=4,
    changed_sync=0.1,
    plan_thousand=0.1,
    commits_alone=20,
    import_dagster=1,
    definitions_ten=0.1,
    definitions_thousand=10,
    step=0.15,
    mongo_rate=1e12,
    network_rate=1e12,
    spark_efficiency=1.0,
    request_seconds=0.03,
    object_requests=7,
    part_bytes=1e6,
)
"""Numbers that can be reckoned with in the head; MongoDB and network hold nothing back."""


def test_page_is_what_the_script_writes() -> None:
    assert PAGE.read_text(encoding="utf-8") == default_page(), "run `python -m benchmarks.scale --write`"


def test_every_input_says_where_it_is_from_and_is_positive() -> None:
    for field in fields(Inputs):
        assert field.metadata["source"], field.name
        assert getattr(Inputs(), field.name) > 0, field.name
    assert {field.metadata["origin"] for field in fields(Inputs)} == set(Origin)
    assert f"{Inputs().columns:.0f} columns" in note("Bytes of a data file in a manifest")
    assert "scale" in CASES


def test_two_workers_are_as_quick_as_measured_and_more_reach_a_limit() -> None:
    assert model.speed_up(1, 1.6) == pytest.approx(1)
    assert model.speed_up(2, 1.6) == pytest.approx(1.6)
    assert model.speed_up(1e9, 1.6) == pytest.approx(4)
    assert model.speed_up(8, 2) == pytest.approx(8)


def test_collections_share_nothing_so_that_each_core_can_have_one() -> None:
    assert model.arrow_rate(ROUND, cores=4, collections=10) == pytest.approx(400e6)
    assert model.arrow_rate(ROUND, cores=2, collections=1) == pytest.approx(160e6)


def test_a_terabyte_on_four_cores_takes_2500_seconds_and_twice_as_much_twice_as_long() -> None:
    capacity = Capacity(cores=4)
    one = model.by_arrow(ROUND, Workload(1e12, 10), capacity)
    two = model.by_arrow(ROUND, Workload(2e12, 10), capacity)

    assert (one.seconds, one.core_seconds) == pytest.approx((2_500, 10_000))
    assert one.limit is Limit.CORES
    assert two.seconds == pytest.approx(2 * one.seconds)


def test_spark_starts_a_job_for_each_collection() -> None:
    found = model.by_spark(ROUND, Workload(1e12, 10), Capacity(spark_cores=100))

    assert found.seconds == pytest.approx(10 * 10 / 100 + 1_000)


def test_the_least_of_cores_network_and_mongodb_is_what_holds_back() -> None:
    workload, capacity = Workload(1e12, 10), Capacity(cores=4, spark_machines=2)
    slow = replace(ROUND, mongo_rate=50e6)
    thin = replace(ROUND, network_rate=100e6)

    assert model.by_arrow(slow, workload, capacity).limit is Limit.MONGODB
    assert model.by_arrow(slow, workload, capacity).seconds == pytest.approx(20_000)
    assert model.by_arrow(thin, workload, capacity).limit is Limit.NETWORK
    assert model.by_spark(thin, workload, capacity).seconds == pytest.approx(100 / 64 + 1e12 / 200e6)
    assert model.busy_cores(slow) == pytest.approx(0.5)
    assert model.busy_spark_cores(slow) == pytest.approx(5)


def test_arrow_gives_way_to_spark_where_one_machine_exceeds_the_window() -> None:
    capacity = Capacity(cores=2, window=1_000)
    limit = model.most_in_window(ROUND, capacity, 1)

    assert limit == pytest.approx(160e9)
    assert model.engine_advice(ROUND, Workload(0.99 * limit, 1), capacity) == "`arrow`, one machine"
    assert model.engine_advice(ROUND, Workload(320e9, 1), capacity) == "`spark`, 32 cores"
    assert model.equal_spark_cores(ROUND, 2, 1) == 16


def test_many_collections_are_divided_among_machines_without_spark() -> None:
    capacity = Capacity(cores=2, window=1_000)

    assert model.engine_advice(ROUND, Workload(400e9, 100), capacity).startswith("`arrow`, 2 machines")


def test_no_engine_is_advised_where_mongodb_is_too_slow() -> None:
    slow = replace(ROUND, mongo_rate=50e6)

    found = model.engine_advice(slow, Workload(100e9, 1), Capacity(cores=2, window=1_000))

    assert found == "MongoDB is the limit: 100 MB/s would be needed"


def test_no_engine_is_advised_where_both_the_cores_and_mongodb_are_too_slow() -> None:
    slow = replace(ROUND, mongo_rate=200e6)
    workload, capacity = Workload(400e9, 1), Capacity(cores=1, window=1_000)

    assert model.by_arrow(slow, workload, capacity).limit is Limit.CORES
    assert model.engine_advice(slow, workload, capacity) == "MongoDB is the limit: 400 MB/s would be needed"


def test_files_of_a_table_by_day_and_of_one_without_days() -> None:
    large = tables.files(ROUND, Workload(365 * 11e9, 1, days=365, runs=24, touched=7))
    small = tables.files(ROUND, Workload(100e6, 1))

    # 1.1 GB a day are three files of 512 MiB.
    assert (large.windows, large.loaded, large.small) == (365, 3 * 365, 24 * 7 * 7)
    assert large.added == pytest.approx(0.01 * large.data)
    assert (small.windows, small.loaded, small.small) == (1, 1, 24 * 7)


def test_metadata_of_a_table_that_is_committed_to_once_a_day() -> None:
    found = tables.metadata(ROUND, Workload(100e6, 1, runs=1))

    assert found.snapshots == 100 + 7
    assert found.json == 107 * 1_000 + 3 * 10 * 100
    assert found.json_files == 100 + 14
    assert found.manifests == 1 + 7
    assert found.total == pytest.approx(114 * 110_000 + 107 * 50 * 4.5 + 8 * 500 + 107 * 5_000)
    assert found.planning == pytest.approx(8 * 0.0001)


def test_retention_bounds_the_snapshots_however_often_is_committed() -> None:
    assert tables.metadata(ROUND, Workload(100e6, 1, runs=24)).snapshots == 500 + 24 * 7
    assert tables.metadata(ROUND, Workload(100e6, 1, runs=2)).snapshots == 180 + 14


@pytest.mark.parametrize(
    ("stored_a_day", "curated"),
    [(1e6, "none"), (3e6, "`months(c)`"), (100e6, "`days(c)`"), (5e9, "`days(c)`, `bucket(8, key)`")],
)
def test_curated_tables_are_partitioned_by_what_a_day_brings(stored_a_day: float, curated: str) -> None:
    workload = Workload(10 * stored_a_day * 365, 1)

    assert tables.partition_advice(ROUND, workload) == ("`partition_by`: by day", curated)


def test_small_collections_are_compared_as_a_whole() -> None:
    assert tables.partition_advice(ROUND, Workload(100e6, 1))[0] == "none: compared as a whole"


def test_a_run_over_a_thousand_collections_is_a_thousand_steps() -> None:
    found = days.day(ROUND, Workload(1.0, 1_000, runs=24), Capacity())

    assert found.run == pytest.approx(1 + 10 + 1_000 * 0.25)
    assert found.commits == 24_000
    assert found.rate == pytest.approx(1_000 / 261)
    assert found.most_runs == pytest.approx(86_400 / 261)
    assert days.definitions(ROUND, 505) == pytest.approx(5.05)


def test_a_run_reads_whole_days_or_the_whole_collection() -> None:
    assert days.read_a_run(Workload(365e9, 1, days=365, touched=7)) == pytest.approx(7e9)
    assert days.read_a_run(Workload(50e6, 1, days=365, touched=7)) == pytest.approx(50e6)


def test_a_load_costs_its_core_hours_and_its_puts() -> None:
    prices = with_core_price(Prices(), Decimal("0.05"))
    extraction = model.Extraction(3_600, Limit.CORES, 4 * 3_600)

    found = costs.load(ROUND, Workload(100e6, 1), extraction, float(core_hour(prices, "ec2")), prices)

    # 10 MB in parts of 1 MB, one file, four files of the commit: 15 PUTs.
    assert found == pytest.approx(4 * 0.05 + 15 * 0.000005)


def test_a_month_on_s3_is_data_metadata_and_the_puts_of_commits() -> None:
    found = costs.month(ROUND, Workload(100e6, 1, runs=1), Prices())

    assert found.data == pytest.approx(0.01 * 0.023)
    assert found.metadata == pytest.approx(tables.metadata(ROUND, Workload(100e6, 1, runs=1)).total / 1e9 * 0.023)
    assert found.requests == pytest.approx(30 * 4 * 0.000005)


def test_prices_that_nobody_verified_say_so() -> None:
    unverified = [field.name for field in fields(Prices) if not _price(field.name).verified]

    assert unverified
    assert default_page().count("not verified") == len(unverified)


def _price(name: str) -> Price:
    found = getattr(Prices(), name)
    assert isinstance(found, Price)
    return found


def test_other_sizes_are_printed_and_nothing_is_written(capsys: pytest.CaptureFixture[str]) -> None:
    before = PAGE.stat().st_mtime_ns

    assert main(["--bytes", "3TB", "--collections", "40", "--mongo-rate", "600MB", "--core-price", "0.1"]) == 0

    shown = capsys.readouterr().out
    assert f"| 3 TB | 40 | {math.ceil(3e12 / 600e6 / 360) / 10} h (MongoDB) |" in shown
    assert PAGE.stat().st_mtime_ns == before


@pytest.mark.parametrize(
    ("option", "given", "complaint"),
    [("--bytes", "many", "'many' is no size"), ("--collections", "0", "'0' is no whole number from 1 on")],
)
def test_a_number_that_is_none_is_refused(
    option: str, given: str, complaint: str, capsys: pytest.CaptureFixture[str]
) -> None:
    with pytest.raises(SystemExit):
        main([option, given])

    assert complaint in capsys.readouterr().err
