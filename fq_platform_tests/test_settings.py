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


def test_settings_cannot_be_changed() -> None:
    with pytest.raises(ValueError, match="frozen"):
        load_settings().home = Path("/elsewhere")
