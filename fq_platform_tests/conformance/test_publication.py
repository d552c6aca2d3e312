"""Readers see what has passed its audit and nothing else, from a table's first version on."""

from typing import Any

import dagster as dg
import pytest

from fq_platform.assets.audited import audited_asset
from fq_platform.checks.audits import unique_key
from fq_platform.lakehouse.audit import branch_name
from fq_platform.lakehouse.layout import Layer
from fq_platform_tests.conformance.lakehouse import Lakehouse, comparable, told

pytestmark = pytest.mark.services


def test_rows_are_published_only_if_they_pass(lakehouse: Lakehouse) -> None:
    table = lakehouse.table(Layer.SHARED, "audited")
    sql = ""

    @audited_asset(dg.AssetSpec(list(table.key)), audits=[unique_key("id")])
    def audited() -> Any:
        return lakehouse.session.sql(sql)

    sql = "SELECT * FROM VALUES (1, 'bad'), (1, 'bad') AS t(id, v)"
    lakehouse.run(audited, fails=True)
    assert lakehouse.rows(table) == []

    sql = "SELECT 1 AS id, 'good' AS v"
    lakehouse.run(audited)
    assert lakehouse.rows(table) == [(1, "good")]

    sql = "SELECT * FROM VALUES (2, 'worse'), (2, 'worse') AS t(id, v)"
    before = lakehouse.load(table).current_snapshot()
    failed = lakehouse.run(audited, fails=True)

    branch = branch_name(failed.run_id)
    assert lakehouse.rows(table) == [(1, "good")]
    assert lakehouse.load(table).current_snapshot() == before
    message = told(failed)
    assert f"{table.qualified}, branch {branch}" in message
    rejected = [(2, "worse"), (2, "worse")]
    kept = lakehouse.load(table)
    assert comparable(lakehouse.session.table(f"{table.qualified}.branch_{branch}")) == rejected
    assert comparable(kept.scan().use_ref(branch).to_arrow()) == rejected
    head = kept.metadata.refs[branch].snapshot_id
    assert comparable(lakehouse.query(f"FROM {table.dotted}", head)) == rejected

    sql = "SELECT * FROM VALUES (1, 'good'), (2, 'better') AS t(id, v)"
    lakehouse.run(audited)
    assert lakehouse.rows(table) == [(1, "good"), (2, "better")]
