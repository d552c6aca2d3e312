"""Settings come from the environment, then from .env, and what is wrong with them is said at once."""

from pathlib import Path

import pytest

from fq_platform import settings as module
from fq_platform.errors import FqError
from fq_platform.settings import PACKAGE, Profile, Settings, load_settings

VARIABLES = [str(field.validation_alias) for field in Settings.model_fields.values()]


@pytest.fixture(autouse=True)
def project(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """An empty checkout in place of this one, and none of the variables set."""
    for name in VARIABLES:
        monkeypatch.delenv(name, raising=False)
    (tmp_path / "pyproject.toml").touch()
    monkeypatch.setattr(module, "PACKAGE", tmp_path / "fq_platform")
    return tmp_path


def test_defaults_stand_in_the_checkout(project: Path) -> None:
    settings = load_settings()

    assert settings.home == project / ".fq"
    assert settings.warehouse == project / ".fq/warehouse"
    assert settings.catalog_file == project / ".fq/catalog.db"
    assert settings.sources_file == PACKAGE / "sources.yaml"
    assert settings.profile is Profile.LOCAL
    assert settings.mongo_uri is None


def test_env_file_is_read_and_the_environment_wins(project: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    (project / ".env").write_text("S3_BUCKET=from-file\nAWS_REGION=from-file\nSOMETHING_ELSE=x\n", encoding="utf-8")
    monkeypatch.setenv("AWS_REGION", "from-environment")

    settings = load_settings()

    assert (settings.s3_bucket, settings.aws_region) == ("from-file", "from-environment")


def test_relative_paths_and_home_become_absolute(project: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(project)
    monkeypatch.setenv("HOME", "/home/someone")
    monkeypatch.setenv("FQ_HOME", "data/fq")
    monkeypatch.setenv("FQ_CACHE", "~/cache")

    settings = load_settings()

    assert settings.home == project / "data/fq"
    assert settings.cache == Path("/home/someone/cache")


def test_empty_variable_is_as_good_as_none(project: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    for name in VARIABLES:
        monkeypatch.setenv(name, "")

    assert load_settings() == Settings()
    assert load_settings().home == project / ".fq"
    assert load_settings().mongo_uri is None


def test_all_invalid_values_are_named_at_once(project: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("FQ_PROFILE", "moon")
    monkeypatch.setenv("FQ_DEMO_DAYS", "3")
    monkeypatch.setenv("FQ_MONGO_TIMEOUT_SECONDS", "inf")
    monkeypatch.setenv("FQ_HOME", "/data/#1")
    (project / ".env").write_text("FQ_DEMO_ORDERS=many\n", encoding="utf-8")

    with pytest.raises(FqError) as error:
        load_settings()

    assert "FQ_PROFILE='moon': Input should be 'local', 's3local', 'sql', 'glue', 'rest' or 'unity'" in error.value.what
    assert "FQ_DEMO_DAYS='3': Input should be greater than or equal to 30" in error.value.what
    assert "FQ_MONGO_TIMEOUT_SECONDS='inf'" in error.value.what
    assert "FQ_HOME='/data/#1': Value error, the path may not contain #" in error.value.what
    assert "FQ_DEMO_ORDERS='many': Input should be a valid integer" in error.value.what
    assert error.value.where == f"environment or {project / '.env'}"


def test_extraction_is_sized_for_the_machine_and_spares_nobody_unless_told(monkeypatch: pytest.MonkeyPatch) -> None:
    settings = load_settings()

    assert 2 <= settings.extraction_workers <= 4
    assert (settings.extraction_batch_bytes, settings.extraction_range_documents) == (4 * 1024 * 1024, 500_000)
    assert (settings.extraction_documents_per_second, settings.extraction_read_preference) == (None, None)

    monkeypatch.setenv("FQ_EXTRACTION_DOCUMENTS_PER_SECOND", "2500")
    monkeypatch.setenv("FQ_EXTRACTION_READ_PREFERENCE", "secondaryPreferred")
    monkeypatch.setenv("FQ_EXTRACTION_WORKERS", "64")
    settings = load_settings()

    assert (settings.extraction_documents_per_second, settings.extraction_workers) == (2500.0, 64)
    assert settings.extraction_read_preference == "secondaryPreferred"


@pytest.mark.parametrize(
    ("name", "value"),
    [
        ("FQ_EXTRACTION_WORKERS", "0"),
        ("FQ_EXTRACTION_WORKERS", "65"),
        ("FQ_EXTRACTION_BATCH_BYTES", "1000"),
        ("FQ_EXTRACTION_RANGE_DOCUMENTS", "0"),
        ("FQ_EXTRACTION_DOCUMENTS_PER_SECOND", "0"),
        ("FQ_EXTRACTION_DOCUMENTS_PER_SECOND", "inf"),
        ("FQ_EXTRACTION_READ_PREFERENCE", "secondary_preferred"),
    ],
)
def test_extraction_settings_out_of_range_are_named(monkeypatch: pytest.MonkeyPatch, name: str, value: str) -> None:
    monkeypatch.setenv(name, value)

    with pytest.raises(FqError, match=f"{name}='{value}': Input should be"):
        load_settings()


def test_addresses_of_alerts_are_never_shown(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("FQ_ALERT_URLS", "slack://token-1234")
    assert "token-1234" not in repr(load_settings())

    monkeypatch.setenv("FQ_UI_URL", "dagster.example.org")
    with pytest.raises(FqError, match=r"FQ_UI_URL='dagster\.example\.org'") as refused:
        load_settings()
    assert "token-1234" not in str(refused.value)


def test_home_of_nobody_is_named(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("FQ_HOME", "~nobody-of-that-name/fq")

    with pytest.raises(FqError, match="FQ_HOME='~nobody-of-that-name/fq'"):
        load_settings()


def test_env_file_that_is_not_utf8_is_named(project: Path) -> None:
    (project / ".env").write_bytes(b"S3_BUCKET=caf\xe9\n")

    with pytest.raises(FqError, match=r"not UTF-8 text .*\.env"):
        load_settings()


def test_secrets_do_not_show(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("MONGO_URI", "mongodb://user:s3cret@host")
    monkeypatch.setenv("FQ_DEMO_DAYS", "40")
    settings = load_settings()

    assert settings.mongo_uri is not None
    assert settings.mongo_uri.get_secret_value() == "mongodb://user:s3cret@host"
    for shown in (repr(settings), str(settings), str(settings.model_dump()), settings.model_dump_json()):
        assert "s3cret" not in shown

    monkeypatch.setenv("FQ_DEMO_DAYS", "none")
    with pytest.raises(FqError) as error:
        load_settings()
    assert "s3cret" not in str(error.value)


@pytest.mark.parametrize(
    ("given", "source"),
    [
        ({}, "files"),
        ({"FQ_SOURCES": "shop.yaml"}, "none"),
        ({"FQ_SOURCES": "shop.yaml", "FQ_IFCO_PATH": "deliveries"}, "files"),
        ({"FQ_SOURCES": "shop.yaml", "FQ_IFCO_SOURCE": "mongo"}, "mongo"),
    ],
)
def test_invented_rows_of_ifco_do_not_come_beside_collections_of_ones_own(
    monkeypatch: pytest.MonkeyPatch, given: dict[str, str], source: str
) -> None:
    for name in ("FQ_SOURCES", "FQ_IFCO_PATH", "FQ_IFCO_SOURCE"):
        monkeypatch.delenv(name, raising=False)
    for name, value in given.items():
        monkeypatch.setenv(name, value)

    assert Settings().ifco_source == source


def test_settings_cannot_be_changed() -> None:
    with pytest.raises(ValueError, match="frozen"):
        load_settings().home = Path("/elsewhere")


def test_warehouse_follows_from_the_profile_unless_it_is_named(project: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("S3_BUCKET", "ours")
    found = {}
    for profile in Profile:
        monkeypatch.setenv("FQ_PROFILE", profile.value)
        found[profile.value] = load_settings().warehouse_root

    in_s3 = dict.fromkeys(("s3local", "sql", "glue"), "s3://ours/iceberg-warehouse")
    assert found == {"local": f"file://{project}/.fq/warehouse", **in_s3, "rest": None, "unity": None}

    monkeypatch.setenv("FQ_WAREHOUSE", "s3://elsewhere/deep/")
    assert load_settings().warehouse_root == "s3://elsewhere/deep"


@pytest.mark.parametrize(
    ("name", "value", "said"),
    [
        ("FQ_WAREHOUSE", "s3a://bucket/x", "give s3://<bucket>/<folder> or file:///<folder>"),
        ("FQ_WAREHOUSE", "/data/lake", "give s3://<bucket>/<folder>"),
        ("FQ_WAREHOUSE", "file://data/lake", "give s3://<bucket>/<folder>"),
        ("FQ_WAREHOUSE", "s3:///lake", "give s3://<bucket>/<folder>"),
        ("FQ_S3_ENDPOINT", "localhost:9000", "give http"),
        ("FQ_GLUE_ENDPOINT", "ftp://host", "give http"),
        ("FQ_CATALOG_OAUTH2_URI", "token", "give http"),
        ("FQ_TABLE_LAYOUT", "flat", "Input should be 'layered' or 'hive'"),
    ],
)
def test_places_of_the_lake_that_cannot_be_used_are_named(
    monkeypatch: pytest.MonkeyPatch, name: str, value: str, said: str
) -> None:
    monkeypatch.setenv(name, value)

    with pytest.raises(FqError, match=f"{name}='{value}': .*{said}"):
        load_settings()


def test_secrets_of_the_lake_do_not_show(monkeypatch: pytest.MonkeyPatch) -> None:
    for name in (
        "FQ_CATALOG_URI",
        "FQ_CATALOG_CREDENTIAL",
        "FQ_CATALOG_TOKEN",
        "AWS_ACCESS_KEY_ID",
        "AWS_SECRET_ACCESS_KEY",
        "AWS_SESSION_TOKEN",
    ):
        monkeypatch.setenv(name, "s3cret")
    assert "s3cret" not in repr(load_settings())

    monkeypatch.setenv("FQ_S3_ENDPOINT", "https://key:s3cret@host")
    with pytest.raises(FqError, match=r"FQ_S3_ENDPOINT='https://\*\*\*@host'") as refused:
        load_settings()
    assert "s3cret" not in str(refused.value)
