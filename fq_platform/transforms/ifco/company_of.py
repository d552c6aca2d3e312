"""Looking up the merged company of a row.

Belongs here: that, also where there is none. Does not: merging (`companies.py`).
"""

from pyspark.sql import DataFrame
from pyspark.sql import functions as sf

from fq_platform.contracts.shared import UNKNOWN_ID, UNKNOWN_LABEL


def with_company(rows: DataFrame, dim_company: DataFrame) -> DataFrame:
    """The rows with `company_key` and `company_name` of their company.

    Args:
        rows: Rows with a `company_id`, possibly null.
        dim_company: What company each company_id means.

    Returns:
        As many rows; the unknown company where the dimension has none.
    """
    companies = dim_company.select("company_id", "company_key", "company_name")
    return rows.join(sf.broadcast(companies), "company_id", "left").withColumns(
        {
            "company_key": sf.coalesce("company_key", sf.lit(UNKNOWN_ID)),
            "company_name": sf.coalesce("company_name", sf.lit(UNKNOWN_LABEL)),
        }
    )
