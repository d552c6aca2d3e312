"""What is said of Athena's errors: what is wrong, where, what to do.

Belongs here: the words. Does not: asking Athena (`athena_engine.py`).
"""

import re
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager

from botocore.exceptions import BotoCoreError, ClientError
from pyathena.error import Error

from fq_platform.errors import FqError
from fq_platform.lakehouse.layout import TableName
from fq_platform.query.limits import Deadline
from fq_platform.query.table_names import unknown_table
from fq_platform.settings import Settings

_UNKNOWN_TABLE = re.compile(r"Table '(?:awsdatacatalog\.)?([^']+)' does not exist", re.IGNORECASE)
_NO_OUTPUT = "output location"
_REMEDIES = (
    (_NO_OUTPUT, "Set FQ_ATHENA_OUTPUT=s3://<bucket>/<folder>/, or give the workgroup a place for results"),
    ("workgroup", "Set FQ_ATHENA_WORKGROUP to one that exists, is enabled, and that you may use"),
    ("bytes scanned limit", "Ask for fewer days or columns, or raise the workgroup's limit of bytes scanned"),
    ("exhausted resources", "Ask for less at once: fewer days, no ORDER BY of everything; or use Spark"),
    ("accessdenied", "Allow the role Athena, the results' folder, and what docs/athena.md lists for analysts"),
    ("access denied", "Allow the role Athena, the results' folder, and what docs/athena.md lists for analysts"),
    ("not authorized", "Allow the role Athena, the results' folder, and what docs/athena.md lists for analysts"),
    ("throttl", "Ask again in a moment, or have the account's quota of Athena raised"),
    ("toomanyrequests", "Ask again in a moment, or have the account's quota of Athena raised"),
)
"""What an error's text holds (in small letters), and what to do about it; the first one counts."""


@contextmanager
def athena_errors(settings: Settings, deadline: Deadline, names: Callable[[], Sequence[TableName]]) -> Iterator[None]:
    """Turn errors of Athena and AWS into the project's.

    Args:
        settings: Say which workgroup and region.
        deadline: Of the query: stopped by it, Athena says no more than that it was cancelled.
        names: Lists the lakehouse's tables, to name one near to a name that is not there.
    """
    try:
        yield
    except (Error, ClientError, BotoCoreError) as error:
        if deadline.passed:
            raise deadline.error() from None
        message = str(error)
        if unknown := _UNKNOWN_TABLE.search(message):
            raise unknown_table(unknown[1], names()) from None
        plain = message.lower()
        fix = next((remedy for part, remedy in _REMEDIES if part in plain), None)
        raise FqError(
            f"Athena cannot answer the query:\n{message}",
            where=f"workgroup {settings.athena_workgroup} in {settings.aws_region}",
            fix=fix
            or "Correct the SQL, which is Athena's; `fq tables` lists the tables, DESCRIBE <table> their columns",
        ) from None
