"""The business questions that the demo asks of the finished tables.

Belongs here: questions and their SQL. Does not: the tables' logic, which stands in the transforms.
"""

import datetime as dt
from dataclasses import dataclass

from fq_platform.demo.late_changes import LateChange


@dataclass(frozen=True)
class Question:
    """A question in words and in DuckDB's SQL; `as_of` is a snapshot to ask at, None for now."""

    text: str
    sql: str
    as_of: int | None = None


IFCO_QUESTION = Question(
    "Which sales owners of the IFCO application earn most commission?",
    "SELECT rank, sales_owner, commission FROM analytics.ifco_commissions ORDER BY rank LIMIT 5",
)
"""Asked where the IFCO application is not left out."""


def standing_questions(last_day: dt.date) -> list[Question]:
    """The questions that can be asked of any sample data.

    Args:
        last_day: The last day of the data, at whose end receivables are counted.

    Returns:
        Three questions.
    """
    return [
        Question(
            "Which product categories sell best?",
            """
            SELECT product_category, currency, sum(order_count) AS order_count,
                sum(net_sales_amount) AS net_sales_amount
            FROM analytics.sales_summary WHERE currency = 'EUR'
            GROUP BY product_category, currency ORDER BY net_sales_amount DESC LIMIT 5
            """,
        ),
        Question(
            f"How old is the money that customers owe at the end of {last_day}?",
            f"""
            SELECT currency, age_bucket, count(DISTINCT customer_id) AS customer_count, sum(open_amount) AS open_amount
            FROM analytics.accounts_receivable WHERE as_of_date = DATE '{last_day}' AND open_amount > 0
            GROUP BY currency, age_bucket ORDER BY currency, age_bucket
            """,  # noqa: S608 - a date, not input
        ),
        Question(
            "Who has paid more than was invoiced, and is owed money back?",
            f"""
            SELECT c.customer_name, r.currency, sum(r.credit_amount) AS credit_amount
            FROM analytics.accounts_receivable r JOIN shared.dim_customers c USING (customer_id)
            WHERE r.as_of_date = DATE '{last_day}' AND r.credit_amount > 0
            GROUP BY c.customer_name, r.currency ORDER BY credit_amount DESC, c.customer_name LIMIT 5
            """,  # noqa: S608 - a date, not input
        ),
    ]


def correction_questions(corrected: LateChange, table: str, before: int) -> list[Question]:
    """What the raw table says of a corrected order now, and what it said before.

    Args:
        corrected: The correction.
        table: The raw table, such as `raw.ecommerce_db_orders`.
        before: The snapshot that was current before the correction was extracted.

    Returns:
        The question now and as of that snapshot.
    """
    sql = f"""
        SELECT order_number, _fq_op, total, updated_at FROM {table}
        WHERE _id = '{corrected.id}' ORDER BY _fq_extracted_at
        """  # noqa: S608 - a table of ours and an ObjectId
    return [
        Question("What do we know now of the order that was corrected late?", sql),
        Question(f"And what did we know before (--as-of {before})?", sql, before),
    ]
