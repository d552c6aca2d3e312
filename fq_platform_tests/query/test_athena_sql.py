"""The SQL of docs/athena.md: each statement parses in its own dialect, and set-up is what the layout says."""

import re

import pytest
import sqlglot
from sqlglot import exp

from fq_platform.lakehouse.layout import Layout
from fq_platform.query.external_sql import databricks_catalog, redshift_schemas
from fq_platform.query.read_only import require_read_only
from fq_platform.settings import project_root

PAGE = (project_root() / "docs" / "athena.md").read_text(encoding="utf-8")
STATEMENTS = [
    (dialect, statement.strip())
    for dialect, block in re.findall(r"```sql (\w+)\n(.*?)```", PAGE, re.DOTALL)
    for statement in re.split(r";\n", block)
    if statement.strip()
]


def test_the_page_has_statements_for_every_engine_it_is_about() -> None:
    assert {dialect for dialect, _ in STATEMENTS} == {"athena", "redshift", "databricks"}


@pytest.mark.parametrize(("dialect", "statement"), STATEMENTS)
def test_a_statement_of_the_page_parses_and_a_query_only_reads(dialect: str, statement: str) -> None:
    tree = sqlglot.parse_one(statement, dialect=dialect)
    if statement.startswith("SELECT"):
        assert require_read_only(statement, dialect).find(exp.Table)
    else:
        assert tree.key in ("command", "create", "alter")


def test_what_sets_other_warehouses_up_is_what_the_layout_says() -> None:
    layout = Layout("s3://fq-app-analytics-bucket-1/iceberg-warehouse")
    made = [
        *redshift_schemas("eu-central-1", "arn:aws:iam::123456789012:role/fq-redshift"),
        *databricks_catalog("eu-central-1", layout, "fq-glue"),
    ]
    assert len(made) == 5
    assert all(statement in PAGE for statement in made)
