"""`fq policies`: the IAM policies and lifecycle rules of a lake on AWS, as files.

Belongs here: the command's options, and where the files go. Does not: the rules (`lakehouse/policies.py`).
"""

from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

if TYPE_CHECKING:
    from fq_platform.settings import Settings


def policies(
    output: Annotated[Path, typer.Option(help="The folder to write to.")] = Path("docker/aws"),
    account: Annotated[
        str, typer.Option(metavar="NUMBER", help="The AWS account; by default the one they are attached in.")
    ] = "*",
) -> None:
    """Write the IAM policy of each role and the bucket's lifecycle rules, for a lake in S3 with AWS Glue.

    Bucket, folder, layout, region and key are those of the settings (S3_BUCKET, FQ_WAREHOUSE, FQ_TABLE_LAYOUT,
    AWS_REGION, FQ_KMS_KEY_ID). Files of the same names are replaced; nothing is sent to AWS.
    """
    import json

    from fq_platform.errors import FqError
    from fq_platform.settings import get_settings

    try:
        output.mkdir(parents=True, exist_ok=True)
        for name, content in documents(get_settings(), account).items():
            (output / name).write_text(json.dumps(content, indent=2) + "\n", encoding="utf-8")
            typer.echo(str(output / name))
    except OSError as error:
        raise FqError(
            f"The files cannot be written: {error.strerror}",
            where=str(output),
            fix="Let --output name a folder that can be written",
        ) from None


def documents(settings: "Settings", account: str = "*") -> dict[str, dict[str, object]]:
    """The files' contents; see `policy_documents`.

    Args:
        settings: Where the lake is. Whatever profile they are for, the policies are those of AWS Glue and S3.
        account: The AWS account's number.
    """
    from fq_platform.lakehouse.layout import layout_of
    from fq_platform.lakehouse.policies import Account, policy_documents
    from fq_platform.settings import Profile

    on_aws = settings.model_copy(update={"profile": Profile.GLUE, "nested_namespaces": None})
    return policy_documents(layout_of(on_aws), Account(settings.aws_region, account, settings.kms_key_id))
