"""Whether the lake is right at the end: `fq verify` document by document, and every table against the oracle."""

from typing import Any

from fq_platform_tests.soak.oracle import COLUMNS, expected
from fq_platform_tests.soak.world import World

SHOWN = 5


def source_differences(world: World) -> list[str]:
    """What `fq verify` finds, in all collections and all days until today."""
    from fq_platform.extraction.scope import asked_for
    from fq_platform.extraction.source import connect
    from fq_platform.extraction.verify import VerifyOptions, verify
    from fq_platform.lakehouse.catalog import open_catalog
    from fq_platform.lakehouse.layout import layout_of

    catalog, layout, found = open_catalog(world.settings), layout_of(world.settings), []
    with connect(world.mongo.uri, 10) as client:
        for scope in asked_for(world.sources):
            findings = verify(
                client[world.sources.database],
                scope.collection,
                scope.windows,
                catalog=catalog,
                table=layout.place(scope.table),
                options=VerifyOptions(),
            )
            found += [f"{scope.collection}: {finding}" for finding in findings.listed]
    return found


def table_differences(world: World) -> list[str]:
    """Rows that a table lacks or should not have, the first few of each."""
    today = world.clock.now.date()
    wanted = expected(world.shop.documents(), world.sources.start_date, today)
    found = []
    for table, rows in wanted.items():
        held = _rows(world, table)
        missing, surplus = rows - set(held), set(held) - rows
        if missing or surplus or len(held) != len(rows):
            found.append(
                f"{table}: {len(rows)} rows due, {len(held)} there, {len(missing)} missing, {len(surplus)} too many: "
                f"missing {sorted(missing, key=str)[:SHOWN]}; surplus {sorted(surplus, key=str)[:SHOWN]}"
            )
    return found


def _rows(world: World, table: str) -> list[tuple[Any, ...]]:
    from fq_platform.lakehouse.catalog import open_catalog

    columns = COLUMNS[table]
    scan = open_catalog(world.settings).load_table(table).scan(selected_fields=columns)
    return [tuple(row[column] for column in columns) for row in scan.to_arrow().to_pylist()]
