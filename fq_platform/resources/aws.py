"""Clients of AWS for assets: S3 and Glue, reached as the settings say, made when they are first asked for.

Belongs here: dagster-aws's resources over our settings. Does not: which keys are used (`lakehouse/s3_access.py`), or
reading and writing tables (`io_managers/`).
"""

from typing import TYPE_CHECKING, Any

import dagster as dg

from fq_platform.errors import FqError
from fq_platform.lakehouse.s3_access import adopt_aws_environment, aws_session, s3_access
from fq_platform.settings import get_settings

if TYPE_CHECKING:
    from dagster_aws.s3 import S3Resource


class S3ClientResource(dg.ConfigurableResource):
    """S3 with the keys, the region and the endpoint by which the tables' files are reached.

    It stands for `dagster_aws.s3.S3Resource`, whose import costs seconds: that is made on first use.
    """

    def resource(self) -> "S3Resource":
        """The resource of dagster-aws, for what takes one, such as its file manager.

        Raises:
            FqError: The lakehouse is in a local folder, or the server of the profile `s3local` does not run.
        """
        settings = get_settings()
        access = s3_access(settings)
        if access is None:
            raise FqError(
                "There is no S3: the lakehouse is in a local folder",
                where=f"FQ_PROFILE={settings.profile.value}",
                fix="Set FQ_PROFILE to one that stores tables in S3; docs/lakehouse.md, 'Profiles', lists them",
            )
        from dagster_aws.s3 import S3Resource

        adopt_aws_environment(settings)
        keys = access.explicit_keys
        return S3Resource(
            region_name=access.region,
            endpoint_url=access.endpoint,
            aws_access_key_id=keys.access_key if keys else None,
            aws_secret_access_key=keys.secret_key if keys else None,
        )

    def get_client(self) -> Any:
        """A boto3 client of S3, by the same name as dagster-aws's.

        Raises:
            FqError: See `resource`, or `AWS_PROFILE` names no profile.
        """
        aws_session(get_settings())  # says clearly what is wrong with AWS_PROFILE
        return self.resource().get_client()


class GlueClientResource(dg.ConfigurableResource):
    """AWS Glue with the keys, the region and the endpoint by which the catalog is reached."""

    def get_client(self) -> Any:
        """A boto3 client of Glue.

        Raises:
            FqError: `AWS_PROFILE` names no profile.
        """
        settings = get_settings()
        return aws_session(settings).client("glue", endpoint_url=settings.glue_endpoint)
