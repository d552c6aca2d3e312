"""What the page advises, in words around the computed numbers.

Belongs here: the introduction, the advice, what is missing. Does not: tables of results (`page.py`).
"""

import math
from dataclasses import replace

from benchmarks.scale import days, model
from benchmarks.scale.inputs import Inputs
from benchmarks.scale.markdown import count, duration, size, table
from benchmarks.scale.model import HOUR, Capacity, Workload

_PATIENCE = 60.0
"""Seconds that somebody waits for a query (assumed)."""
_NIGHT = 4 * HOUR
_SMALL, _MIDDLE, _LARGE = 10e9, 1e12, 100e12


def head(inputs: Inputs, capacity: Capacity) -> str:
    """What the page is, and how far it can be believed."""
    return (
        "# Scale on paper\n\n"
        "What the platform takes and costs for more data than it was ever run on, computed from figures that were "
        "measured on two cores. **All results here are extrapolated**: the largest load behind them had a million "
        f"documents ({size(1e6 * inputs.document_bytes)}), and no cluster, no S3 and no real MongoDB was at hand. Take "
        "the orders of magnitude from here, and measure your own case. A script makes this page; it computes other "
        "sizes too:\n\n"
        "```sh\n"
        ".venv/bin/python -m benchmarks.scale --bytes 3TB --collections 40 --cores 16 --mongo-rate 600MB --runs 4\n"
        "```\n\n"
        f"Here `arrow` has one machine of {capacity.cores} cores, `spark` {capacity.spark_cores} cores on "
        f"{capacity.spark_machines} machines. Collections are of equal size and cover a year evenly; a first load may "
        f"take {duration(capacity.window)}. Bytes are those of BSON, units powers of ten; `--help` names what can be "
        "set."
    )


def advice(inputs: Inputs, capacity: Capacity) -> str:
    """When to move from what to what."""
    worker = inputs.arrow_rate * inputs.document_bytes
    middle = model.by_arrow(inputs, Workload(_MIDDLE, 10), capacity)
    large = days.day(inputs, Workload(_LARGE, 10), capacity)
    empty = days.day(inputs, Workload(1.0, 1_000), capacity)
    idle = 1_000 * (inputs.step_cpu + inputs.changed_cpu)
    return (
        "## Advice\n\n"
        f"1. **MongoDB is the first limit.** One core by `arrow` takes {size(worker)} a second. A MongoDB on an "
        f"ordinary disk is taken to deliver {size(inputs.mongo_rate)}, with which {model.busy_cores(inputs):.1f} cores "
        "keep up; beyond that neither cores nor Spark make a load shorter. Read from more members or shards, give the "
        "disk more throughput, or load in steps (`--from`, `--to`).\n"
        f"2. **10 GB and 1 TB: `arrow` on one machine.** {_load(inputs, _SMALL, capacity)} and "
        f"{duration(middle.seconds)}. Up to {size(model.most_in_window(inputs, capacity, 10))} are loaded within "
        f"{duration(capacity.window)}.\n"
        f"3. **Spark takes {inputs.arrow_rate / inputs.spark_rate:.0f} times the CPU** for the same documents. It pays "
        "for a single collection that one process does not load in time although MongoDB could deliver it, and only "
        "then. Many collections are divided among machines without it.\n"
        "4. **A thousand collections are a matter of steps, not of bytes**: a run over all of them takes "
        f"{duration(idle)} if nothing has to wait, {duration(empty.run)} at the pace of a busy machine, which is "
        f"{count(math.floor(empty.most_runs))} runs a day. The catalog has time to spare.\n"
        "5. **At 100 TB, reading days again is what takes time**: a comparison reads a day whole for one document "
        f"that changed. {count(math.floor(large.most_runs))} runs a day are the most at this rate of MongoDB: let runs "
        "be few, and `partition_by` name a field whose old days seldom change.\n"
        "6. **Commit once an hour, not each minute**, unless somebody needs it sooner: the metadata of a small raw "
        "table "
        "outweigh its data.\n\n" + table(["Move", "When", "Because"], _moves(inputs, capacity))
    )


def _load(inputs: Inputs, amount: float, capacity: Capacity) -> str:
    return duration(model.by_arrow(inputs, Workload(amount, 10), capacity).seconds)


def _moves(inputs: Inputs, capacity: Capacity) -> list[list[str]]:
    free = replace(inputs, mongo_rate=math.inf)
    one, night = (
        model.most_in_window(free, replace(capacity, window=window), 1) for window in (capacity.window, _NIGHT)
    )
    machine = min(inputs.network_rate, model.arrow_rate(inputs, capacity.cores, 10))
    empty = days.day(inputs, Workload(1.0, 1_000), capacity)
    return [
        [
            "`arrow` → `spark`",
            f"one collection is larger than {size(one)} if {duration(capacity.window)} are given ({size(night)} in "
            f"{duration(_NIGHT)}), and MongoDB delivers more than "
            f"{size(model.arrow_rate(inputs, capacity.cores, 1))} a second",
            f"so much does one process of {capacity.cores} workers; Spark needs "
            f"{model.equal_spark_cores(inputs, capacity.cores, 1)} cores to be as quick",
        ],
        [
            "one machine → several, by `arrow`",
            f"many collections, of which MongoDB delivers more than {size(machine)} a second",
            "collections share nothing: give each machine some of them (`fq sync orders invoices`)",
        ],
        [
            "SQLite catalog → PostgreSQL or REST",
            "a second machine writes",
            f"SQLite is a file of one machine. It took {inputs.commits_together:.0f} commits a second; a run over many "
            f"small collections makes {empty.rate:.1f}",
        ],
        [
            "PostgreSQL → Glue or REST",
            "Athena, EMR or Glue jobs use the tables, or nobody shall run a database",
            "not for speed: a commit on S3 waits for S3, "
            f"{days.commit_seconds_on_s3(inputs):.1f} s by estimate, whatever the catalog",
        ],
        [
            "DuckDB → Trino or Athena",
            f"a question reads more than {size(inputs.network_rate * _PATIENCE)} of columns, or many people ask at "
            "once",
            f"one machine's network takes that in {duration(_PATIENCE)}; Athena is paid for each TB that it reads",
        ],
        [
            "Spark in the run → a cluster",
            "a day of a curated table takes hours",
            "[spark.md](spark.md), [aws-spark.md](aws-spark.md); not computed, since no transform was measured at size",
        ],
        [
            "hourly runs → nightly ones",
            "*Of the day* below comes near 100 %, or the metadata cost more than the data",
            "what a run reads and writes beside rows depends on how many runs there are",
        ],
    ]


def missing() -> str:
    """What the page leaves out."""
    return (
        "- **Transforms and checks.** Curated tables and marts were never measured at size, on Spark or elsewhere.\n"
        "- **Other catalogs' speed.** Commits were counted on SQLite and a folder; PostgreSQL, REST and Glue were "
        "not.\n"
        "- **Scaling beyond two cores**: Amdahl's law goes on from two workers, and collections are taken to share "
        "nothing. A Spark cluster is taken to be as good as its cores, but for a part that is assumed.\n"
        "- **Documents unlike the benchmark's.** Rates are those of nested documents of a few hundred bytes; fields "
        "count more than bytes. Long texts compress less: set `--stored-part`.\n"
        "- **Skew.** One collection of nine tenths is one collection, whatever the others are: compute it alone.\n"
        "- **Memory** is bounded in `arrow`, except for what the lake knows of a range; a day that the lake does not "
        "know yet is one unit of work, whatever its size.\n"
        "- **Money beside**: the MongoDB itself, transfer between zones, EMR's own price on top of EC2, disks, old "
        "versions of objects, people."
    )
