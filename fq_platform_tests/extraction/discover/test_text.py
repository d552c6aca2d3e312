"""What was found is written as a sources file that loads, whatever things are called."""

import datetime as dt
from pathlib import Path
from typing import Any

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from fq_platform.extraction.discover.looking import Discovery, Found
from fq_platform.extraction.discover.observed import Sample
from fq_platform.extraction.discover.suggest import suggest
from fq_platform.extraction.discover.text import sources_text
from fq_platform.sources import Collection, Sources, load_sources

TODAY = dt.date(2026, 3, 1)
T0 = dt.datetime(2026, 1, 10, tzinfo=dt.UTC)


def found(name: str, *documents: dict[str, Any], of: int = 0, indexed: str = "") -> Found:
    sample = Sample()
    for document in documents:
        sample.see(document)
    suggestion = suggest(sample, set(indexed.split()))
    first = T0.date() if suggestion.partition_by else None
    return Found(name, max(of, len(documents)), sample, suggestion, first)


def text(*collections: Found, database: str = "shop", **left_out: str) -> str:
    return sources_text(Discovery(database, list(collections), left_out), TODAY)


def load(folder: Path, content: str) -> Sources:
    file = folder / "sources.yaml"
    file.write_text(content, encoding="utf-8")
    return load_sources(file)


def test_file_says_what_was_seen_beside_what_is_suggested() -> None:
    orders = [
        {"_id": number, "at": T0, "price": 1 if number else 2.5, "lines": [{"sku": "a"}], "by_id": {"1": 1, "2": "x"}}
        for number in range(3)
    ]
    orders.append({"_id": "x", "at": T0, "price": 2, "lines": None})

    content = text(found("orders", *orders, of=1_000, indexed="at"), found("empty"), **{"system.views": "a system one"})

    assert content.splitlines() == [
        "# What `fq discover` saw in the database shop on 2026-03-01, and what it suggests.",
        "# Look through it, correct it, and let FQ_SOURCES name it. docs/extraction.md says what can stand here.",
        "app: shop  # tables are raw.shop_<collection>",
        "database: shop",
        "start_date: 2026-01-10  # the earliest day of orders; documents without a usable date belong to it",
        "time_zone: UTC  # whose midnights bound the days",
        "collections:",
        "",
        "  # 1,000 documents, 4 looked at:",
        "  #   _id          int 75 %, string 25 %",
        "  #   at           date",
        "  #   price        int 75 %, double 25 %",
        "  #   lines        array 75 %, null 25 %",
        "  #   lines[]      object",
        "  #   lines[].sku  string",
        "  #   by_id        object 75 %, missing 25 %",
        "  #   by_id.*      int 50 %, string 50 %",
        "  orders:",
        "    partition_by: at  # in every document looked at, indexed",
        "    types:",
        "      price: double  # whole numbers and fractions",
        "      by_id: map  # 2 different names",
        "    # no watermark: it has no date, such as updated_at, that every change raises; no sensor looks at it",
        "",
        "  # no documents",
        "  empty: {}",
        "",
        "# Left out:",
        "#   system.views: a system one",
    ]


def test_file_loads_as_it_is_meant(tmp_path: Path) -> None:
    sources = load(
        tmp_path, text(found("orders", {"at": T0, "n": 1}, {"at": T0, "n": 0.5, "updated_at": T0}), found("empty"))
    )

    assert (sources.app, sources.database, sources.start_date) == ("shop", "shop", T0.date())
    assert sources.collections == {
        "orders": Collection(partition_by="at", types={"n": "double"}),
        "empty": Collection(),
    }


@pytest.mark.parametrize(
    ("database", "app"),
    [("Shop-Prod", "shop_prod"), ("2024_orders", "db_2024_orders"), ("Übung", "bung"), ("数据", "db")],
)
def test_app_is_the_databases_name_as_far_as_it_can_be(tmp_path: Path, database: str, app: str) -> None:
    sources = load(tmp_path, text(found("a"), database=database))

    assert (sources.app, sources.database) == (app, database)


NAMES = st.text(st.characters(exclude_categories=["Cs"]), min_size=1, max_size=12)


@given(collection=NAMES, field=NAMES, database=NAMES)
@settings(max_examples=100, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
def test_any_names_survive(tmp_path: Path, collection: str, field: str, database: str) -> None:
    document = {field: {"1": 1, "2": 2}, f"{field} at": T0, "n": {field: 1}}

    sources = load(tmp_path, text(found(collection, document, {**document, "n": {field: 0.5}}), database=database))

    assert sources.database == database
    assert list(sources.collections) == [collection]


def test_bytes_that_are_no_text_and_long_lists_are_told_in_lines_of_their_own(tmp_path: Path) -> None:
    wide = {f"k\udcff{number}": 1 for number in range(200)}

    content = text(found("a", {"line\nfeed": 1, **wide}))

    load(tmp_path, content)
    assert '  #   "line\\nfeed"' in content
    assert "  #   ... and 51 more paths" in content
    assert sum(line.startswith("  #   ") for line in content.splitlines()) == 151
