"""What the page is made of: formulae, measurements, assumptions, prices, as Markdown.

Belongs here: showing where each number comes from. Does not: results (`page.py`).
"""

from dataclasses import Field, fields
from typing import Any

from benchmarks.scale.inputs import Inputs, Origin, machine
from benchmarks.scale.markdown import table
from benchmarks.scale.prices import GB_A_CORE, LOOKED_UP, REGION, Prices, core_hour, named

_FORMULAE = """```text
S(n)             = 1 / (s + (1 - s) / n),  s = 2 / S(2) - 1       workers of one process (Amdahl)
arrow rate       = P x documents a CPU-second x bytes of a document x S(cores / P),  P = min(collections, cores)
spark rate       = cores x documents a CPU-second x bytes of a document x part of the cores that works
seconds          = start + bytes / min(rate, MongoDB, network)
cost             = seconds x cores x price of a core + PUTs x price
read by a run    = bytes x touched days / days;  without partition_by all bytes
seconds of a run = import + definitions(collections) + collections x (step + sync) + read / rate,
                   rate = min(MongoDB, network, arrow rate / part of a load that comparing takes)
files loaded     = days x ceil(stored bytes of a day / 512 MiB);  without partition_by ceil(documents / 500,000)
files of a week  = runs x 7 x touched days
snapshots        = min(max(100, runs x 90), max(500, runs)) + runs x 7            raw's retention, before upkeep
metadata.json    = snapshots x bytes + 3 schemas x columns x bytes
such files       = 100 + runs x (7 + 7)                                           the log, and orphans of two weeks
manifests        = max(1, files x bytes of an entry / 8 MiB) + runs x 7
metadata in all  = metadata.json x such files + snapshots x manifests x bytes in a list
                   + files x bytes of an entry + snapshots x bytes of a manifest  (manifests: the mean of a week)
planning         = files x CPU-seconds for a file
```"""


def formulae() -> str:
    """The formulae, as `model.py`, `tables.py`, `days.py` and `costs.py` compute them."""
    return (
        f"{_FORMULAE}\n\nThe code is in `benchmarks/scale/`: `model.py` (extraction), `days.py` (runs), `tables.py` "
        "(files, metadata), `costs.py`."
    )


def measurements(inputs: Inputs) -> str:
    """The measured and documented inputs."""
    rows = [
        [each.metadata["what"], _value(inputs, each), _source(each)]
        for each in fields(Inputs)
        if each.metadata["origin"] is not Origin.ASSUMED
    ]
    return (
        f"On {machine()}, a machine that others used at the same time: CPU-seconds can be relied upon to a tenth or "
        "two, seconds by the wall are on the high side. Documents came from a server that replays them, not from "
        "MongoDB; tables lay in a folder, not on S3. All of it is measured again by\n\n"
        "```sh\n"
        'make bench ARGS="--only unchanged spark_extraction scale --output benchmarks/scale/measured.json"\n'
        ".venv/bin/python -m benchmarks.scale --write\n"
        "```\n\n" + table(["Figure", "Value", "From"], rows)
    )


def assumptions(inputs: Inputs) -> str:
    """What nobody measured here."""
    rows = [
        [each.metadata["what"], _value(inputs, each), each.metadata["source"]]
        for each in fields(Inputs)
        if each.metadata["origin"] is Origin.ASSUMED
    ]
    return (
        table(["Assumption", "Value", "Because"], rows)
        + "\n\nThe bounds of the advice on partitions, and that a raw table keeps three schemas, are assumed too "
        "(`benchmarks/scale/tables.py`)."
    )


def price_list(prices: Prices) -> str:
    """The prices, and what a core costs where."""
    rows = [
        [price.unit, f"{price.dollars:f}", price.source, "" if price.verified else "not verified: set your own"]
        for _, price in named(prices)
    ]
    kinds = (("ec2", "EC2"), ("fargate", "Fargate"), ("emr_serverless", "EMR Serverless"), ("glue", "Glue"))
    cores = ", ".join(f"{name} ${core_hour(prices, kind):.3f}" for kind, name in kinds)
    return (
        f"{REGION}, on demand, looked up on {LOOKED_UP}. AWS shows its prices by script, so what others quote of them "
        f"was read; look before you rely on it. A core with {GB_A_CORE} GB for an hour: {cores}. Extraction by Spark "
        "runs where `FQ_SPARK_MASTER` can be a cluster (EC2, EMR on EC2, Kubernetes); EMR Serverless and Glue make "
        "tables "
        "([aws-spark.md](aws-spark.md)), at their price.\n\n" + table(["Unit", "US dollars", "From", ""], rows)
    )


def _value(inputs: Inputs, each: Field[Any]) -> str:
    number = each.metadata["pattern"].format(getattr(inputs, each.name))
    return f"{number} {each.metadata['unit']}".strip()


def _source(each: Field[Any]) -> str:
    source: str = each.metadata["source"]
    return f"benchmark: “{source}”" if each.metadata["origin"] is Origin.MEASURED else source
