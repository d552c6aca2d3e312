"""Who we are to S3 and where it is: endpoint, region, keys.

Belongs here: the keys of AWS's default chain and of the profile `s3local`. Does not: reading or writing objects, or
errors of S3 (`storage.py`).
"""

import os
from dataclasses import dataclass, field
from typing import TYPE_CHECKING

from fq_platform.errors import FqError
from fq_platform.lakehouse.object_store_endpoint import require_object_store
from fq_platform.settings import Profile, Settings

if TYPE_CHECKING:
    from boto3.session import Session

_KEYS = ("aws_access_key_id", "aws_secret_access_key", "aws_session_token")
"""The settings that are one credential together; their variables are the same names in capitals."""


@dataclass(frozen=True)
class AwsKeys:
    """A key for AWS, or for a server that speaks its protocol.

    Args:
        access_key: The key's id.
        secret_key: Its secret.
        session_token: What a temporary key comes with, else None.
    """

    access_key: str
    secret_key: str = field(repr=False)
    session_token: str | None = field(default=None, repr=False)


@dataclass(frozen=True)
class S3Access:
    """How to reach S3.

    Args:
        region: The buckets' region.
        endpoint: URL of a server in place of AWS, else None.
        path_style: Whether a bucket is part of an address's path rather than of its host name.
        kms_key_id: The key that new objects are encrypted with, else the bucket's own setting decides.
        explicit_keys: The keys that engines are handed; None where each finds them by AWS's default chain.
        profile: Name of the profile in AWS's files for the default chain, else its own choice.
    """

    region: str
    endpoint: str | None
    path_style: bool
    kms_key_id: str | None = None
    explicit_keys: AwsKeys | None = None
    profile: str | None = None

    @property
    def keys(self) -> AwsKeys:
        """The keys in force now, for engines that do not know AWS's default chain.

        Temporary keys of a role change with time: ask again for each connection.

        Raises:
            FqError: There are none.
        """
        return self.explicit_keys or _keys_of_default_chain(self.profile)


def s3_access(settings: Settings) -> S3Access | None:
    """How the tables' files in S3 are reached.

    Args:
        settings: The profile, `FQ_S3_*`, `FQ_KMS_KEY_ID` and `AWS_*` decide.

    Returns:
        The access; None if the tables are in a local folder. A REST catalog may hand out other keys for a table.

    Raises:
        FqError: The profile is `s3local` and its server does not run.
    """
    if settings.warehouse_root is not None and not settings.warehouse_root.startswith("s3://"):
        return None
    endpoint, explicit_keys = settings.s3_endpoint, None
    if settings.profile is Profile.S3LOCAL and endpoint is None:
        server = require_object_store(settings)
        endpoint = server.endpoint
        explicit_keys = AwsKeys(server.access_key, server.secret_key.get_secret_value())
    return S3Access(
        region=settings.aws_region,
        endpoint=endpoint,
        path_style=endpoint is not None if settings.s3_path_style is None else settings.s3_path_style,
        kms_key_id=settings.kms_key_id,
        explicit_keys=explicit_keys,
        profile=settings.aws_profile,
    )


def adopt_aws_environment(settings: Settings) -> None:
    """Let the `AWS_*` variables of `.env` count as if they stood in this process's environment.

    boto3, PyArrow and Java then find them by AWS's default chain. What the environment says already stays: a key or a
    profile there is used alone, never mixed with half of another one. A variable that is set to nothing is unset, as
    it is for all other settings: to AWS's clients it would be a profile without a name. Called before an engine is
    started.

    Args:
        settings: Its `aws_*` fields, which come from the environment or from `.env`.
    """
    names = ("AWS_PROFILE", *map(str.upper, _KEYS))
    for name in names:
        if os.environ.get(name) == "":
            del os.environ[name]
    if any(name in os.environ for name in names):
        return
    if settings.aws_profile:
        os.environ["AWS_PROFILE"] = settings.aws_profile
    for name in _KEYS:
        if secret := getattr(settings, name):
            os.environ[name.upper()] = secret.get_secret_value()


def aws_session(settings: Settings) -> "Session":
    """A boto3 session by AWS's default chain, in the region of the settings.

    Args:
        settings: `AWS_*`.

    Returns:
        The session; its keys are looked up when a client first needs them.

    Raises:
        FqError: `AWS_PROFILE` names a profile that does not exist.
    """
    adopt_aws_environment(settings)
    return _session(settings.aws_profile, settings.aws_region)


def _session(profile: str | None, region: str | None = None) -> "Session":
    import boto3
    from botocore.exceptions import ProfileNotFound

    try:
        return boto3.Session(region_name=region)
    except ProfileNotFound:
        raise FqError(
            f"AWS knows no profile {profile or os.environ.get('AWS_PROFILE')!r}",
            where="AWS_PROFILE",
            fix="Correct the name (`aws configure list-profiles` lists them), or unset AWS_PROFILE",
        ) from None


def _keys_of_default_chain(profile: str | None) -> AwsKeys:
    from botocore.exceptions import BotoCoreError

    try:
        found = _session(profile).get_credentials()
        frozen = found.get_frozen_credentials() if found else None
    except BotoCoreError as error:
        raise FqError(f"AWS keys cannot be had: {error}", where="AWS's default chain", fix=_LOG_IN) from None
    if frozen is None:
        raise FqError("There are no AWS keys", where="AWS's default chain", fix=_LOG_IN)
    return AwsKeys(frozen.access_key, frozen.secret_key, frozen.token)


_LOG_IN = (
    "Log in (`aws sso login`), set AWS_PROFILE, or AWS_ACCESS_KEY_ID and AWS_SECRET_ACCESS_KEY, in the environment or "
    "in .env, or run on a machine that has a role"
)
