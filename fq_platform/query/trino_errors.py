"""What Trino and the way to it can have against a query, said to users.

Belongs here: the errors of Trino's client. Does not: which tables are near to one that is not there (`trino_names.py`).
"""

import re
from collections.abc import Iterator
from contextlib import contextmanager

from requests.exceptions import RequestException
from trino import exceptions

from fq_platform.errors import FqError
from fq_platform.query.limits import took_too_long
from fq_platform.query.trino_address import TrinoAddress

_NO_SNAPSHOT = re.compile(r"snapshot ID does not exist|Unsupported type for table version", re.IGNORECASE)
_NO_PAST = re.compile(r"No version history|no snapshot|before the first", re.IGNORECASE)
_UNAUTHORISED = re.compile(r"\b(?:401|403)\b")


@contextmanager
def trino_errors(address: TrinoAddress, timeout: float) -> Iterator[None]:
    """Turn the errors of Trino's client into the project's.

    Args:
        address: Whom we ask.
        timeout: The seconds that a query may take; 0 for as long as it takes.

    Raises:
        FqError: In place of the client's error; with Trino's own words, but without its stack.
    """
    try:
        yield
    except exceptions.TrinoQueryError as error:
        raise _refused(error, timeout) from None
    except (exceptions.HttpError, exceptions.Error, RequestException) as error:
        raise _not_reached(error, address) from None


def _refused(error: exceptions.TrinoQueryError, timeout: float) -> FqError:
    """What the server itself says of a query."""
    message = error.message
    query = f"query {error.query_id}" if error.query_id else ""
    if error.error_name == "EXCEEDED_TIME_LIMIT":
        return took_too_long(timeout) if timeout else FqError(message, where=query, fix="Ask for less")
    if error.error_name in ("PERMISSION_DENIED", "ADMINISTRATIVELY_KILLED", "USER_CANCELED"):
        return FqError(f"Trino does not let it happen: {message}", where=query, fix="Ask whoever runs the Trino server")
    if _NO_SNAPSHOT.search(message):
        return FqError(
            f"The table has no such snapshot: {message}",
            where="--as-of",
            fix='Take an id from `SELECT * FROM raw."<table>$snapshots"`, or a moment',
        )
    if _NO_PAST.search(message):
        return FqError(
            f"The table was not there yet: {message}",
            where="--as-of",
            fix='Choose a later moment: `SELECT * FROM raw."<table>$history"` lists them',
        )
    if error.error_type == "USER_ERROR":
        return FqError(f"The query is wrong: {message}", where=query, fix="Correct it; it is written in Trino's SQL")
    if error.error_type == "INSUFFICIENT_RESOURCES":
        return FqError(
            f"The query needs more than Trino has for it: {message}",
            where=query,
            fix="Ask for less (fewer days, fewer columns), or have the limits of Trino raised",
        )
    return FqError(
        f"Trino failed to answer: {message}",
        where=query,
        fix="Try again; if it stays so, the query's page in Trino's web interface says where it failed",
        transient=error.error_type == "EXTERNAL",
    )


def _not_reached(error: Exception, address: TrinoAddress) -> FqError:
    if isinstance(error, exceptions.TrinoAuthError) or _UNAUTHORISED.search(str(error)):
        return FqError(
            f"Trino does not accept the user {address.user!r}",
            where=address.shown,
            fix="Correct user and password in FQ_TRINO_URL (percent-encode what a URL does not take as it is)",
        )
    return FqError(
        f"Trino cannot be reached: {_reason(error)}",
        where=address.shown,
        fix="Check that it runs and that FQ_TRINO_URL names it",
        transient=True,
    )


def _reason(error: BaseException) -> str:
    """The innermost cause: the outer layers only repeat the address."""
    while inner := error.__cause__ or error.__context__:
        error = inner
    return str(error)
