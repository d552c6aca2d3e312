"""`fq external-sql` prints what the layout says, for whom it is asked."""

import pytest
from click import unstyle
from click.testing import Result
from typer.testing import CliRunner

from fq_platform.cli import app
from fq_platform.settings import get_settings, project_root

PAGE = (project_root() / "docs" / "athena.md").read_text(encoding="utf-8")
ROLE = "arn:aws:iam::123456789012:role/fq-redshift"


@pytest.fixture
def on_glue(environment: pytest.MonkeyPatch) -> pytest.MonkeyPatch:
    environment.setenv("FQ_PROFILE", "glue")
    environment.setenv("S3_BUCKET", "fq-app-analytics-bucket-1")
    return environment


def printed(*arguments: str) -> Result:
    get_settings.cache_clear()
    return CliRunner().invoke(app, ["external-sql", *arguments])


def test_it_prints_the_statements_of_the_page(on_glue: pytest.MonkeyPatch) -> None:
    for arguments, count in ((("redshift", "--role", ROLE), 3), (("databricks", "--credential", "fq-glue"), 2)):
        made = printed(*arguments)
        assert made.exit_code == 0, made.output
        assert made.stdout in PAGE
        assert made.stdout.count(";\n") == count


def test_region_folders_and_names_are_those_that_are_given(on_glue: pytest.MonkeyPatch) -> None:
    on_glue.setenv("AWS_REGION", "us-east-1")
    on_glue.setenv("S3_BUCKET", "another")

    made = printed("databricks", "--credential", "o'hara").stdout

    assert "OPTIONS (aws_region 'us-east-1', credential 'o\\'hara');" in made
    assert "authorized_paths 's3://another/iceberg-warehouse/curated,s3://another/" in made
    assert "REGION 'us-east-1'\nIAM_ROLE 'arn:x';" in printed("redshift", "--role", "arn:x").stdout


def test_what_they_cannot_read_and_what_is_missing_is_said(on_glue: pytest.MonkeyPatch) -> None:
    for arguments, option in ((("redshift",), "--role"), (("databricks",), "--credential")):
        refused = printed(*arguments)
        assert (refused.exit_code, refused.stdout) == (2, "")
        assert f"the statements need {option}" in unstyle(refused.stderr)

    on_glue.setenv("FQ_PROFILE", "local")
    refused = printed("redshift", "--role", ROLE)
    assert (refused.exit_code, refused.stdout) == (1, "")
    assert "FQ_PROFILE=local" in refused.stderr
