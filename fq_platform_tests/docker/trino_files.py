"""The catalog files of the stack's Trino, made of the stack's settings when this module is run (`python -m`).

Belongs here: making them. Does not: the properties (`fq_platform/lakehouse/trino_catalog.py`).
"""

from pydantic import SecretStr

from fq_platform.lakehouse.trino_catalog import trino_catalog
from fq_platform.settings import Profile, Settings
from fq_platform_tests.docker.compose import AWS, ENVIRONMENT, FOLDER, LOCAL, ON_AWS, read

_REFERENCES = {"s3_bucket": "${ENV:S3_BUCKET}", "aws_region": "${ENV:AWS_REGION}"}
_HEAD = "# Made of the stack's settings by `python -m fq_platform_tests.docker.trino_files`; a test holds it to them.\n"


def files() -> dict[str, str]:
    """File name -> content, of both stacks."""
    here = read(LOCAL, ENVIRONMENT)["services"]["code-server"]["environment"]
    on_aws = read(AWS, ON_AWS)["services"]["code-server"]["environment"]
    return {"iceberg.properties": _of(here), "iceberg.aws.properties": _of(on_aws)}


def _of(environment: dict[str, str]) -> str:
    settings = Settings(
        profile=Profile(environment["FQ_PROFILE"]),
        catalog_uri=SecretStr(environment["FQ_CATALOG_URI"]) if environment["FQ_CATALOG_URI"] else None,
        s3_endpoint=environment["FQ_S3_ENDPOINT"] or None,
        nested_namespaces=False,
        **_REFERENCES,
    )
    return _HEAD + trino_catalog(settings).file()


if __name__ == "__main__":
    for name, text in files().items():
        (FOLDER / "trino" / name).write_text(text, encoding="utf-8")
