"""Errors of S3, in words that say what to do.

Belongs here: what PyArrow and AWS's Java client say of buckets, keys and the way to them. Does not: errors of disks
(`storage.py`) and of catalogs (`catalog_errors.py`).
"""

import re
from typing import NamedTuple

from fq_platform.errors import FqError


class _Known(NamedTuple):
    """One cause, recognised by the text of an error.

    Args:
        pattern: Regular expression.
        what: What is wrong.
        fix: What to do.
        transient: Whether it may pass by itself.
    """

    pattern: str
    what: str
    fix: str
    transient: bool = False


_KEYS = "the keys of AWS's default chain (AWS_PROFILE, AWS_ACCESS_KEY_ID with AWS_SECRET_ACCESS_KEY, or a role)"

_S3 = (
    _Known(
        r"AWS Error NO_SUCH_BUCKET|NoSuchBucketException|\bNoSuchBucket\b",
        "The bucket does not exist",
        "Create it, or let S3_BUCKET (FQ_WAREHOUSE if it is set) name one that exists in AWS_REGION, and run again",
    ),
    _Known(
        r"ExpiredToken|token has expired|TokenRefreshRequired",
        "The keys for S3 have expired",
        f"Log in anew (`aws sso login`), or renew {_KEYS}, and run again",
    ),
    _Known(
        r"Unable to load credentials from any of the providers|Unable to locate credentials",
        "There are no keys for S3",
        "Log in (`aws sso login`), set AWS_PROFILE, or AWS_ACCESS_KEY_ID and AWS_SECRET_ACCESS_KEY, in the environment "
        "or in .env, or run on a machine that has a role",
    ),
    _Known(
        r"InvalidAccessKeyId|SignatureDoesNotMatch|SIGNATURE_DOES_NOT_MATCH|INVALID_ACCESS_KEY_ID|InvalidToken"
        r"|Access Key Id you provided does not exist|request signature we calculated does not match",
        "S3 does not accept the keys",
        f"Correct {_KEYS}, and run again",
    ),
    _Known(
        # A question for a file's existence is refused without a reason, whatever that is.
        r"AWS Error ACCESS_DENIED|Service: S3, Status Code: 403|HTTP GET error on '[^']*' \(HTTP 403\)"
        r"|HTTP 403|\bAccessDenied\b|AWS Error UNKNOWN \(HTTP status 400\) during HeadObject",
        "S3 refuses the access: the keys are missing, wrong or expired, or lack the right",
        f"Check {_KEYS}: `aws sts get-caller-identity` says who they are; `fq policies` writes what each role needs",
    ),
    _Known(
        r"AWS Error (?:NETWORK_CONNECTION|REQUEST_TIMEOUT|SLOW_DOWN)|curlCode: \d+"
        r"|Unable to execute HTTP request|Could not connect to the endpoint URL|Could not establish connection error",
        "S3 cannot be reached",
        "Start the server (the profile s3local: `fq dev --profile s3local`), or correct FQ_S3_ENDPOINT, AWS_REGION and "
        "the network between here and there, and run again",
        transient=True,
    ),
    _Known(
        r"AWS Error (?:INTERNAL_FAILURE|SERVICE_UNAVAILABLE|UNKNOWN)|Service: S3, Status Code: 5\d\d|HTTP 50[0-9]",
        "S3 fails to answer",
        "Run again in a while; if it stays so, look whether the server has room (the profile s3local: FQ_HOME/s3)",
        transient=True,
    ),
    _Known(
        r"NoSuchKeyException|AWS Error (?:NO_SUCH_KEY|RESOURCE_NOT_FOUND)|Service: S3, Status Code: 404|HTTP 404",
        "A file that belongs to the table is gone from the bucket",
        "Restore it from the bucket's versions, or roll the table back to a snapshot before it",
    ),
)
"""What PyArrow, DuckDB and AWS's Java client say, the more exact first."""

_IN_S3 = re.compile(r"AWS Error|Service: S3|services\.s3\.|\bs3[an]?://|S3FileIO|S3OutputStream|S3InputStream")
"""Whether an error is about S3 at all: other services have the same words."""
_OBJECT = re.compile(r"in bucket '(?P<bucket>[^']+)'|(?P<uri>s3[an]?://[^\s'\",)]+)")


def explain_s3_error(error: BaseException, where: str) -> FqError | None:
    """Say what an error of S3 means.

    Args:
        error: What PyArrow, DuckDB, boto3 or Spark raised.
        where: The table or the catalog that is used, for the message.

    Returns:
        The error for users, which never repeats what may hold a key; None if S3 is not its cause or not known here.
    """
    told = "\n".join(_texts(error))
    if not _IN_S3.search(told):
        return None
    for known in _S3:
        if re.search(known.pattern, told):
            place = _place(told)
            at = f"{where}, {place}" if place else where
            return FqError(known.what, where=at, fix=known.fix, transient=known.transient)
    return None


def _place(told: str) -> str:
    """The object or the bucket that an error names; empty if it names none."""
    found = _OBJECT.search(told)
    return (found["uri"] or f"s3://{found['bucket']}") if found else ""


def _texts(error: BaseException) -> list[str]:
    """What an error says, and what caused it, outermost first."""
    seen: list[BaseException] = []
    step: BaseException | None = error
    while step is not None and step not in seen:
        seen.append(step)
        step = step.__cause__ or step.__context__
    return [f"{type(step).__name__}: {step}" for step in seen]
