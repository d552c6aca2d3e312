"""Tests of the asset checks as Dagster runs them, over real tables."""

import subprocess
import sys
from collections.abc import Callable, Iterator, Mapping
from typing import TYPE_CHECKING

import dagster as dg
import pytest

from fq_platform.checks import audits_of, build_checks, build_ifco_checks
from fq_platform.checks.reporting import contract_table
from fq_platform.contracts import ACCOUNTING, CONTRACTS
from fq_platform.lakehouse.layout import Layer, TableName

if TYPE_CHECKING:
    from pyspark.sql import DataFrame, SparkSession

    from fq_platform.resources.spark import SparkResource

APP = "checked"
COLLECTIONS = ("orders", "customers", "invoices", "payments", "products")


def _tables(app: str) -> dict[str, TableName]:
    """Every table by the name of its contract, and the raw ones by collection."""
    tables = {name: contract_table(name, app) for name in ACCOUNTING}
    return tables | {name: TableName(Layer.RAW, f"{app}_{name}", app) for name in COLLECTIONS}


@pytest.fixture
def write(spark: "SparkSession") -> Iterator[Callable[..., None]]:
    """Writes tables of an application: `write(app, payments_silver=df)`; they are dropped after the test."""
    written: list[str] = []

    def write_tables(app: str, **frames: "DataFrame") -> None:
        for name, frame in frames.items():
            table = _tables(app)[name]
            spark.sql(f"CREATE NAMESPACE IF NOT EXISTS {table.qualified.rpartition('.')[0]}")
            frame.coalesce(1).writeTo(table.qualified).createOrReplace()
            written.append(table.qualified)

    yield write_tables
    for name in written:
        spark.sql(f"DROP TABLE IF EXISTS {name}")


def _run(
    spark_resource: "SparkResource", app: str, *tables: str, raise_on_error: bool = True
) -> dict[str, dg.AssetCheckEvaluation]:
    """The evaluations of the checks beside these tables, by `<table>.<check>`."""
    keys = [dg.AssetKey(list(_tables(app)[name].key)) for name in tables]
    job = dg.define_asset_job("checks", dg.AssetSelection.checks_for_assets(*keys))
    defs = dg.Definitions(
        assets=[dg.AssetSpec(list(table.key)) for table in _tables(app).values()],
        asset_checks=build_checks(app),
        jobs=[job],
        resources={"spark": spark_resource},
        executor=dg.in_process_executor,
    )
    result = defs.resolve_job_def("checks").execute_in_process(raise_on_error=raise_on_error)
    return {
        f"{evaluation.asset_key.path[-1].removeprefix(f'{app}_')}.{evaluation.check_name}": evaluation
        for evaluation in result.get_asset_check_evaluations()
    }


@pytest.mark.services
def test_good_tables_pass_every_check(
    write: Callable[..., None], good_tables: "Mapping[str, DataFrame]", spark_resource: "SparkResource"
) -> None:
    write(APP, **good_tables)

    found = _run(spark_resource, APP, *ACCOUNTING)

    assert [name for name, evaluation in found.items() if not evaluation.passed] == []
    assert len(found) == len({key for check in build_checks(APP) for key in check.check_keys})


@pytest.mark.services
def test_bad_rows_fail_their_checks_with_counts_and_examples(
    write: Callable[..., None], good_tables: "Mapping[str, DataFrame]", spark_resource: "SparkResource"
) -> None:
    from pyspark.sql import functions as sf

    good = good_tables["payments_silver"]
    odd = (
        good.withColumn("invoice_id", sf.lit("gone"))
        .withColumn("payment_method", sf.lit("shells"))
        .withColumn("data_issues", sf.array(sf.lit("amount: odd")))
    )
    others = {name: good_tables[name] for name in ("payments", "invoices_silver", "customers_silver")}
    write("bad", payments_silver=good.union(odd), **others)

    found = _run(spark_resource, "bad", "payments_silver", raise_on_error=False)

    accepted = found["payments_silver.accepted_values"]
    assert (accepted.passed, accepted.severity, accepted.blocking) == (False, dg.AssetCheckSeverity.ERROR, False)
    assert (accepted.metadata["rows"].value, accepted.metadata["violations"].value) == (2, 1)
    assert accepted.metadata["examples"].value == [{"payment_id": "y1", "currency": "EUR", "payment_method": "shells"}]
    assert str(accepted.description).startswith("1 of 2 rows: Accepted: ")
    reference = found["payments_silver.references_invoices_silver"]
    assert (reference.passed, reference.severity) == (False, dg.AssetCheckSeverity.WARN)
    assert reference.metadata["examples"].value == [{"payment_id": "y1", "invoice_id": "gone"}]
    assert found["payments_silver.references_customers_silver"].passed
    recovered = found["payments_silver.values_recovered"]
    assert (recovered.passed, recovered.severity) == (False, dg.AssetCheckSeverity.WARN)
    assert recovered.metadata["rescued_values_in_raw"].value == 0


@pytest.mark.services
def test_a_table_that_does_not_exist_yet_is_named_with_its_remedy(
    write: Callable[..., None], good_tables: "Mapping[str, DataFrame]", spark_resource: "SparkResource"
) -> None:
    with pytest.raises(dg.Failure, match="Materialise curated/new_orders_silver first"):
        _run(spark_resource, "new", "orders_silver")

    write("new", payments=good_tables["payments"], payments_silver=good_tables["payments_silver"])
    found = _run(spark_resource, "new", "payments_silver")

    assert found["payments_silver.accepted_values"].passed
    reference = found["payments_silver.references_customers_silver"]
    assert not reference.passed
    assert "Materialise curated/new_customers_silver first" in str(reference.description)


@pytest.mark.services
def test_one_check_of_a_table_can_run_alone(
    write: Callable[..., None], good_tables: "Mapping[str, DataFrame]", spark_resource: "SparkResource"
) -> None:
    write("one", payments_silver=good_tables["payments_silver"])
    key = dg.AssetCheckKey(dg.AssetKey(["curated", "one_payments_silver"]), "accepted_values")
    contract_checks = next(check for check in build_checks("one") if key in check.check_keys)

    result = dg.materialize(
        [contract_checks], selection=dg.AssetSelection.checks(key), resources={"spark": spark_resource}
    )

    assert [evaluation.check_name for evaluation in result.get_asset_check_evaluations()] == ["accepted_values"]


def test_keys_nulls_and_totals_are_audited_where_others_build_on_them_and_days_where_documents_move() -> None:
    audited = {
        name: {rule for audit in audits_of(contract) for rule in audit.rules} for name, contract in CONTRACTS.items()
    }

    promised = {
        name: {"primary_key_unique", "not_null"} if contract.layer in (Layer.CURATED, Layer.SHARED) else set()
        for name, contract in CONTRACTS.items()
    }
    promised["orders_silver"] |= {"order_total_is_sum_of_lines"}
    promised["invoices_silver"] |= {"invoice_totals_add_up"}
    promised["fct_orders"] |= {"on_one_day"}
    promised["reconciliation"] |= {"raw_is_curated_is_mart"}
    assert audited == promised


def test_every_rule_is_checked_once_and_says_what_holds() -> None:
    checks = [*build_checks(APP), *build_ifco_checks()]
    ordinary = {spec.key: spec.description for check in checks for spec in check.check_specs}
    audits = {
        dg.AssetCheckKey(dg.AssetKey(list(contract.table(APP).key)), rule): holds
        for contract in CONTRACTS.values()
        for audit in audits_of(contract)
        for rule, holds in audit.rules.items()
    }

    assert not ordinary.keys() & audits.keys()
    assert all(spec.blocking is False for check in checks for spec in check.check_specs)
    assert all(holds and holds.endswith(".") for holds in [*ordinary.values(), *audits.values()])
    keys = {key.asset_key for key in (*ordinary, *audits) if key.name == "primary_key_unique"}
    assert len(keys) == len(CONTRACTS)


def test_declaring_the_checks_imports_no_spark() -> None:
    code = """if True:
        import sys
        from fq_platform.checks import build_checks, build_ifco_checks
        build_checks("app"), build_ifco_checks()
        assert "pyspark" not in sys.modules
    """
    subprocess.run([sys.executable, "-c", code], check=True)
