"""Errors of catalogs that are servers, in words that say what to do.

Belongs here: PostgreSQL, REST catalogs, AWS Glue, as PyIceberg and Spark report them. Does not: errors of storage and
of the SQLite catalog (`storage.py`), conflicts between commits, which are tried again.
"""

import re
from collections.abc import Iterator
from contextlib import contextmanager
from typing import NamedTuple

from fq_platform.errors import FqError

_WORDS = 400
"""How much of a server's own words is repeated (characters)."""


class _Known(NamedTuple):
    """One cause, recognised by the text of an error or by the names of its classes.

    Args:
        pattern: Regular expression; a group `said` is what the server says of the cause.
        what: What is wrong.
        fix: What to do.
        transient: Whether it may pass by itself.
    """

    pattern: str
    what: str
    fix: str
    transient: bool = False


_LOG_IN = "Log in anew (`aws sso login`), or renew the keys in AWS_PROFILE or AWS_*, and run again"
_REACHABLE = "Start it, or correct {setting} and the network between here and there, and run again"

_POSTGRES = (
    _Known(
        r'(?P<said>password authentication failed for user "[^"\n]*"|role "[^"\n]*" does not exist'
        r"|no pg_hba.conf entry[^\n]*)",
        "The catalog's database refuses the login",
        "Correct user and password in FQ_CATALOG_URI; characters such as @ : / in them must be escaped (%40 %3A %2F)",
    ),
    _Known(
        r'FATAL:\s+(?P<said>database "[^"\n]*" does not exist)',
        "The catalog's database does not exist",
        "Create it (`createdb <name>`), or correct FQ_CATALOG_URI",
    ),
    _Known(
        r"(?P<said>permission denied for (?:table|schema|database) \S+)",
        "The catalog's database does not let our user do this",
        "Grant the user of FQ_CATALOG_URI the right to create and change tables in the database's schema",
    ),
    _Known(
        r"(?P<said>too many clients already|remaining connection slots are reserved[^\n]*)",
        "The catalog's database has no connection left",
        "Let fewer runs work at once, or raise max_connections of the database, and run again",
        transient=True,
    ),
    _Known(
        r"(?P<said>could not translate host name \"[^\"\n]*\"|connection to server at [^\n]*? failed: [^\n]*"
        r"|Connection to \S+ refused|The connection attempt failed"
        r"|server closed the connection unexpectedly|terminating connection due to administrator command)",
        "The catalog's database cannot be reached",
        _REACHABLE.format(setting="FQ_CATALOG_URI"),
        transient=True,
    ),
)
"""What psycopg2 and PostgreSQL's JDBC driver say."""

_AWS = (
    _Known(
        r"(?P<said>ExpiredToken(?:Exception)?\b|RequestExpired|The security token included in the request is expired)",
        "The AWS keys have expired",
        _LOG_IN,
    ),
    _Known(
        r"(?P<said>UnrecognizedClientException|InvalidClientTokenId|InvalidSignatureException"
        r"|The security token included in the request is invalid)",
        "AWS does not accept the keys",
        "Correct AWS_ACCESS_KEY_ID, AWS_SECRET_ACCESS_KEY and AWS_SESSION_TOKEN, or AWS_PROFILE, and run again",
    ),
    _Known(
        r"(?P<said>Unable to locate credentials|Unable to load credentials from any of the providers)",
        "There are no AWS keys",
        "Log in (`aws sso login`), set AWS_PROFILE, or AWS_ACCESS_KEY_ID and AWS_SECRET_ACCESS_KEY, in the environment "
        "or in .env, or run on a machine that has a role",
    ),
    _Known(
        r"(?P<said>Error loading SSO Token[^\n]*|The SSO session[^\n]*|Token has expired and refresh failed)",
        "The AWS login has ended",
        _LOG_IN,
    ),
    _Known(
        r'Could not connect to the endpoint URL: (?P<said>"https://\S+\.amazonaws\.com\S*")',
        "AWS cannot be reached",
        "Correct AWS_REGION, which may name no region, or the network between here and there, and run again",
        transient=True,
    ),
    _Known(
        r'Could not connect to the endpoint URL: (?P<said>"\S+")|(?P<java>Unable to execute HTTP request: [^\n]*)',
        "The endpoint cannot be reached",
        _REACHABLE.format(setting="FQ_GLUE_ENDPOINT or FQ_S3_ENDPOINT"),
        transient=True,
    ),
    _Known(
        r"AccessDeniedException\) when calling the \w+ operation: (?P<said>[^\n]*)"
        r"|(?P<java>User: \S+ is not authorized to perform[^\n(]*)",
        "AWS does not let us do this",
        "Let an administrator allow the action for the role or user named; `fq policies` writes what each role needs",
    ),
    _Known(
        r"(?P<said>ThrottlingException|TooManyRequestsException|RateExceeded)",
        "AWS answers no more requests for now",
        "Let fewer runs work at once, and run again",
        transient=True,
    ),
)
"""What boto3 and AWS's Java client say."""

_REST = (
    _Known(
        r"\b(?:UnauthorizedError|OAuthError|AuthorizationExpiredError|NotAuthorizedException)\b: (?P<said>[^\n]*)"
        r"|Unable to process \((?P<java>code: 40[13],[^\n]*)",
        "The catalog does not accept our token or credential",
        "Renew FQ_CATALOG_TOKEN, or correct FQ_CATALOG_CREDENTIAL (<client id>:<secret>), FQ_CATALOG_SCOPE and "
        "FQ_CATALOG_OAUTH2_URI",
    ),
    _Known(
        r"\b(?:ForbiddenError|ForbiddenException)\b: (?P<said>[^\n]*)",
        "The catalog does not let us do this",
        "Let an administrator of the catalog grant it to the owner of FQ_CATALOG_TOKEN or FQ_CATALOG_CREDENTIAL",
    ),
    _Known(
        r"\b(?:CommitStateUnknownException)\b: (?P<said>[^\n]*)",
        "The catalog failed while it committed: it is not known whether this write counts",
        "Run again once the catalog answers; a window that was written is replaced by itself",
        transient=True,
    ),
    _Known(
        r"\b(?:ServerError|ServiceUnavailableError|ServiceFailureException|ServiceUnavailableException"
        r"|TooManyRequestsError)\b: (?P<said>[^\n]*)|Unable to process \((?P<java>code: (?:5\d\d|429),[^\n]*)",
        "The catalog fails",
        "Run again in a while; if it stays so, look at the catalog's own log",
        transient=True,
    ),
    _Known(
        r"\bSSLError: .*?(?P<said>SSL: \w+\][^\n]*)|\bSSL(?:Handshake)?Exception: (?P<java>[^\n]*)",
        "The catalog's address cannot be trusted",
        "Begin the address with http:// if it serves no TLS; let REQUESTS_CA_BUNDLE name the authority's certificate",
    ),
    _Known(
        r"(?P<said>Failed to establish a new connection[^\n\"]*|Failed to resolve '[^']*'|Read timed out[^\n)]*"
        r"|Connect to \S+ [^\n]*failed: [^\n]*|Connection aborted[^\n]*|UnknownHostException: [^\n]*)",
        "The catalog cannot be reached",
        _REACHABLE.format(setting="FQ_CATALOG_URI"),
        transient=True,
    ),
    _Known(
        r"\b(?:RESTError|BadRequestError|RESTException|BadRequestException|NoSuchWarehouseException)\b: "
        r"(?P<said>[^\n]*)",
        "The catalog refuses the request",
        "Correct FQ_CATALOG_URI, which must be the address without /v1, and FQ_CATALOG_WAREHOUSE, the name that the "
        "catalog has for the warehouse",
    ),
)
"""What PyIceberg, requests and Iceberg's Java client say."""


@contextmanager
def catalog_errors(where: str) -> Iterator[None]:
    """Turn the errors of a catalog that is a server into errors that say what to do.

    Args:
        where: The catalog or the table that is used, for the message.

    Raises:
        FqError: The catalog cannot be reached, refuses us, fails, or needs an extra that is not installed.
            Anything else passes through as it is.
    """
    try:
        yield
    except FqError:
        raise
    except Exception as error:
        known = explain_catalog_error(error, where)
        if known is None:
            raise
        raise known from error


def explain_catalog_error(error: BaseException, where: str) -> FqError | None:
    """Say what an error of a catalog means.

    Args:
        error: What PyIceberg, SQLAlchemy, boto3 or Spark raised.
        where: The catalog or the table that is used, for the message.

    Returns:
        The error for users; None if the cause is not known here.
    """
    chain = _chain(error)
    if any(isinstance(step, ModuleNotFoundError) and step.name == "psycopg2" for step in chain):
        return FqError(
            "The client of PostgreSQL is not installed",
            where=where,
            fix="Install the extra `postgres` (pip install 'fq-platform[postgres]')",
        )
    told = "\n".join(f"{type(step).__name__}: {step}" for step in chain)
    for known in (*_POSTGRES, *_AWS, *_REST):
        if found := re.search(known.pattern, told):
            said = " ".join((next(filter(None, found.groups()), "")).split())[:_WORDS]
            what = f"{known.what}: {said}" if said else known.what
            return FqError(what, where=where, fix=known.fix, transient=known.transient)
    return None


def _chain(error: BaseException) -> list[BaseException]:
    """An error and what caused it, outermost first."""
    chain: list[BaseException] = []
    step: BaseException | None = error
    while step is not None and step not in chain:
        chain.append(step)
        step = step.__cause__ or step.__context__
    return chain
