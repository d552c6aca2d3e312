"""The page docs/scale.md: what the formulae say for some sizes, as Markdown.

Belongs here: tables of results. Does not: formulae; the advice (`words.py`); where figures are from (`sources.py`).
"""

import math
from collections.abc import Iterator, Sequence
from dataclasses import replace

from benchmarks.scale import costs, days, model, tables
from benchmarks.scale.inputs import Inputs
from benchmarks.scale.markdown import count, dollars, duration, size, table, wrapped
from benchmarks.scale.model import Capacity, Workload
from benchmarks.scale.prices import Prices, core_hour
from benchmarks.scale.sources import assumptions, formulae, measurements, price_list
from benchmarks.scale.words import advice, head, missing

SHARDED = 5e9
"""What a sharded cluster is taken to deliver where MongoDB shall not be the limit (bytes a second)."""
RUNS = (1, 24, 288)
"""Runs a day that the metadata are computed for: each night, each hour, each five minutes."""


def page(inputs: Inputs, workloads: Sequence[Workload], capacity: Capacity, prices: Prices) -> str:
    """The whole page.

    Args:
        inputs: What was measured and assumed.
        workloads: What to compute for.
        capacity: What there is to extract with.
        prices: List prices.

    Returns:
        Markdown.
    """
    parts = [
        head(inputs, capacity),
        advice(inputs, capacity),
        "## First load",
        _first_load(inputs, workloads, capacity, prices),
        _without_mongodb(inputs, workloads, capacity, prices),
        "## Every day",
        _days(inputs, workloads, capacity, prices),
        "## Files and metadata",
        _files(inputs, workloads, prices),
        _metadata(inputs, workloads),
        "## Partitions",
        _partitions(inputs, workloads),
        "## What is not here",
        missing(),
        "## Formulae",
        formulae(),
        "## What was measured",
        measurements(inputs),
        "## What is assumed",
        assumptions(inputs),
        "## Prices",
        price_list(prices),
    ]
    return wrapped("\n\n".join(parts)) + "\n"


def _name(workload: Workload) -> list[str]:
    return [size(workload.size), count(workload.collections)]


def _loads(
    inputs: Inputs, workloads: Sequence[Workload], capacity: Capacity, prices: Prices
) -> Iterator[Sequence[str]]:
    price = float(core_hour(prices, "ec2"))
    for workload in workloads:
        cells = []
        for found in (model.by_arrow(inputs, workload, capacity), model.by_spark(inputs, workload, capacity)):
            paid = costs.load(inputs, workload, found, price, prices)
            cells += [f"{duration(found.seconds)} ({found.limit.value})", dollars(paid)]
        yield [*_name(workload), *cells, model.engine_advice(inputs, workload, capacity)]


def _load_table(inputs: Inputs, workloads: Sequence[Workload], capacity: Capacity, prices: Prices) -> str:
    heads = [
        "MongoDB",
        "Collections",
        f"`arrow`, {capacity.cores} cores",
        "Cost",
        f"`spark`, {capacity.spark_cores} cores",
    ]
    return table([*heads, "Cost", "Advice"], _loads(inputs, workloads, capacity, prices))


def _first_load(inputs: Inputs, workloads: Sequence[Workload], capacity: Capacity, prices: Prices) -> str:
    return (
        f"MongoDB delivers {size(inputs.mongo_rate)} a second to all readers together, a machine's network takes "
        f"{size(inputs.network_rate)}. In brackets stands what is hit first. The cost is that of all cores on EC2, "
        "also while they wait, and of S3's requests. One `fq sync` takes its collections one after the other: for the "
        "times of several collections, run as many at once as there are cores, or raise the pool `mongodb` for runs "
        "of Dagster.\n\n"
        f"{_load_table(inputs, workloads, capacity, prices)}\n\n"
        f"At that rate the engine `arrow` keeps {model.busy_cores(inputs):.1f} cores busy, and `spark` would need "
        f"{model.busy_spark_cores(inputs):.0f} for the same. Cores beyond that only wait."
    )


def _without_mongodb(inputs: Inputs, workloads: Sequence[Workload], capacity: Capacity, prices: Prices) -> str:
    free = replace(inputs, mongo_rate=max(SHARDED, inputs.mongo_rate))
    single = [replace(workload, collections=1) for workload in workloads if workload.collections == 10]
    rows = sorted([*single, *workloads], key=lambda each: (each.size, each.collections))
    one, ten = (model.most_in_window(free, capacity, collections) for collections in (1, 10))
    return (
        f"The same where MongoDB is not the limit: a sharded cluster that delivers {size(free.mongo_rate)} a "
        "second.\n\n"
        f"{_load_table(free, rows, capacity, prices)}\n\n"
        f"Then one machine of {capacity.cores} cores loads {size(one)} of one collection within "
        f"{duration(capacity.window)}, and {size(ten)} of ten. {model.equal_spark_cores(free, capacity.cores, 1)} "
        f"cores of executors are as quick for one collection, {model.equal_spark_cores(free, capacity.cores, 10)} for "
        "ten."
    )


def _days(inputs: Inputs, workloads: Sequence[Workload], capacity: Capacity, prices: Prices) -> str:
    first = workloads[0]
    price = float(core_hour(prices, "ec2"))
    rows = []
    for workload in workloads:
        found = days.day(inputs, workload, capacity)
        rows.append(
            [
                *_name(workload),
                size(found.read),
                duration(found.run),
                count(math.floor(found.most_runs)),
                f"{found.share:,.0%}",
                count(found.commits),
                f"{found.rate:,.2f}",
                dollars(costs.comparing_a_day(inputs, workload, price)),
            ]
        )
    heads = ["MongoDB", "Collections", "Read a day", "One run", "Runs that fit", "Of the day", "Commits a day"]
    empty = days.day(inputs, replace(first, size=1.0, collections=1_000), capacity)
    ten, thousand = (inputs.import_dagster + days.definitions(inputs, collections) for collections in (10, 1_000))
    return (
        f"{first.runs} runs a day, each of which finds changes in {first.touched} days of every collection, which is "
        f"more than most have; {first.change_rate:.1%} of the documents change a day. A comparison reads whole days, "
        "however few of their documents changed; collections without `partition_by` it reads whole.\n\n"
        f"{table([*heads, 'Commits/s in a run', 'Cores a day'], rows)}\n\n"
        f"Without any bytes, a run over 1,000 collections takes {duration(empty.run)}: each collection is a step, "
        f"steps run one after the other, and each takes {inputs.step:.2f} seconds of Dagster and "
        f"{inputs.changed_sync:.2f} of a small sync, as measured on a busy machine; if none of it had to wait, all "
        f"would take {duration(1_000 * (inputs.step_cpu + inputs.changed_cpu))}. Before the first stand {thousand:.1f} "
        f"CPU-seconds for importing Dagster and loading the definitions ({ten:.1f} with 10 collections). Where more "
        "than 100% of the day stand there, the sensor asks for fewer runs by itself: while one is under way, further "
        "changes of the same days wait for the next."
    )


def _files(inputs: Inputs, workloads: Sequence[Workload], prices: Prices) -> str:
    rows = []
    for workload in workloads:
        found, month = tables.files(inputs, workload), costs.month(inputs, workload, prices)
        rows.append(
            [
                *_name(workload),
                size(found.data * workload.collections),
                size(found.added * workload.collections),
                count(found.loaded * workload.collections),
                count(found.small * workload.collections),
                dollars(month.data),
                dollars(month.metadata),
                dollars(month.requests),
            ]
        )
    heads = ["MongoDB", "Collections", "Data", "Added a day", "Files loaded", "Files a week", "Data/month"]
    return (
        "All raw tables together. The files of a week are merged on Sunday, to one for each day of a collection that "
        "they lie in, or more if these are larger than 512 MiB.\n\n"
        f"{table([*heads, 'Metadata/month', 'PUTs/month'], rows)}"
    )


def _metadata(inputs: Inputs, workloads: Sequence[Workload]) -> str:
    rows = []
    for runs in RUNS:
        workload = replace(workloads[0], runs=runs)
        found = tables.metadata(inputs, workload)
        rows.append(
            [
                count(runs),
                count(found.snapshots),
                size(found.json),
                count(found.json_files),
                size(found.json * runs),
                count(found.manifests),
                size(found.total),
                size(found.total * 1_000),
            ]
        )
    heads = [
        "Commits a day",
        "Snapshots",
        "metadata.json",
        "Such files",
        "Written a day",
        "Manifests",
        "Metadata in all",
    ]
    most = tables.metadata(inputs, replace(workloads[0], runs=RUNS[-1]))
    files = max(tables.files(inputs, workload).loaded for workload in workloads)
    return (
        "What metadata weigh depends on how often a table is committed to, hardly on its rows. One raw table of "
        f"{inputs.columns:.0f} columns, at the end of a week:\n\n"
        f"{table([*heads, 'Of 1,000 tables'], rows)}\n\n"
        "Most of it are old metadata files: in raw no commit deletes any, since its role must not, and upkeep removes "
        f"them as orphans. Each commit of a table with {count(most.snapshots)} snapshots writes {size(most.json)} "
        f"anew. Planning a scan is no matter: {files / 1_000 * inputs.plan_thousand:.2f} CPU-seconds for the "
        f"{count(files)} files of the largest table here."
    )


def _partitions(inputs: Inputs, workloads: Sequence[Workload]) -> str:
    rows = []
    for workload in workloads:
        a_day = workload.one * inputs.stored_part / workload.days
        rows.append([*_name(workload), size(workload.one), size(a_day), *tables.partition_advice(inputs, workload)])
    heads = ["MongoDB", "Collections", "One collection", "Of it a day, stored", "Raw", "Curated"]
    return (
        f"Raw tables know days or none: by day from {size(tables.COMPARED_WHOLE)} of BSON on, since without days each "
        "run reads the whole collection; the small files that small days make are the lesser evil, and upkeep merges "
        f"those of one day. Curated tables know more: by day from {size(tables.DAY_PAYS)} a day on, divided by a key "
        f"from {size(tables.DAY_IS_LARGE)} on.\n\n{table(heads, rows)}"
    )
