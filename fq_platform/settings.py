"""Typed settings from the environment and `.env`, read and validated once.

Belongs here: every setting, its type, unit and default (those of the lake: `lake_settings.py`, of what computes and
answers: `engine_settings.py`, of a remote Spark: `compute_settings.py`). Does not: what connects, or what is computed
per table.
"""

import datetime as dt
import os
import re
from enum import StrEnum
from functools import cache
from pathlib import Path
from typing import Any

from pydantic import Field, SecretStr, ValidationError, field_validator
from pydantic_settings import SettingsConfigDict

from fq_platform.compute_settings import ComputeSettings
from fq_platform.engine_settings import EngineSettings
from fq_platform.errors import FqError
from fq_platform.lake_settings import WAREHOUSE_FOLDER, LakeSettings, Profile, TableLayout

__all__ = [
    "Environment",
    "IfcoSource",
    "Profile",
    "ReadPreference",
    "Settings",
    "TableLayout",
    "get_settings",
    "load_settings",
    "project_root",
]

PACKAGE = Path(__file__).parent
"""The folder of the installed package (path)."""

_SAMPLE_SOURCES = PACKAGE / "sources.yaml"
_IFCO_SAMPLE = PACKAGE / "demo" / "ifco"

_LOGIN = re.compile(r"//[^/]*@")
"""User and password in an address, which no message may show."""


class ReadPreference(StrEnum):
    """Which members of a replica set are read, by MongoDB's own names."""

    PRIMARY = "primary"
    PRIMARY_PREFERRED = "primaryPreferred"
    SECONDARY = "secondary"
    SECONDARY_PREFERRED = "secondaryPreferred"
    NEAREST = "nearest"


class Environment(StrEnum):
    """Where an installation stands; `automation/registry.py` says what runs by itself in it."""

    LOCAL = "local"
    PRODUCTION = "production"
    TEST = "test"


class IfcoSource(StrEnum):
    """Where orders and invoices of the IFCO application come from, if it is there at all."""

    FILES = "files"
    MONGO = "mongo"
    NONE = "none"


def _workers() -> int:
    """As many as this process has cores, but two at the least (one waits for MongoDB) and four at the most."""
    cores = len(os.sched_getaffinity(0)) if hasattr(os, "sched_getaffinity") else os.cpu_count() or 1
    return max(2, min(4, cores))


def _ifco_source(earlier: dict[str, Any]) -> IfcoSource:
    """Files; but beside somebody's own collections invented rows have no place, only their own files."""
    own_collections = earlier.get("sources_file") != _SAMPLE_SOURCES
    own_files = earlier.get("ifco_path") != _IFCO_SAMPLE
    return IfcoSource.NONE if own_collections and not own_files else IfcoSource.FILES


def project_root() -> Path:
    """The checkout that the package was installed from, else the working directory.

    Returns:
        An absolute path; `.env` and the default `FQ_HOME` are looked for there.
    """
    checkout = PACKAGE.parent
    return checkout if (checkout / "pyproject.toml").is_file() else Path.cwd()


class Settings(LakeSettings, EngineSettings, ComputeSettings):
    """All settings of an installation; each field's environment variable stands in its alias."""

    # The prefix is for the fields' own names, which are read beside the aliases: HOME must not become FQ_HOME.
    model_config = SettingsConfigDict(
        env_prefix="FQ_",
        frozen=True,
        extra="ignore",
        populate_by_name=True,
        env_file_encoding="utf-8",
        env_ignore_empty=True,
    )

    home: Path = Field(
        default_factory=lambda: project_root() / ".fq", validation_alias="FQ_HOME", validate_default=True
    )
    sources_file: Path = Field(default=_SAMPLE_SOURCES, validation_alias="FQ_SOURCES")

    ifco_path: Path = Field(default=_IFCO_SAMPLE, validation_alias="FQ_IFCO_PATH")
    ifco_source: IfcoSource = Field(default_factory=_ifco_source, validation_alias="FQ_IFCO_SOURCE")
    ifco_today: dt.date | None = Field(default=None, validation_alias="FQ_IFCO_TODAY")

    environment: Environment = Field(default=Environment.LOCAL, validation_alias="FQ_ENVIRONMENT")
    daily_refresh_after_minutes: int = Field(
        default=120, ge=0, le=21 * 60, validation_alias="FQ_DAILY_REFRESH_AFTER_MINUTES"
    )
    partition_grace_minutes: int = Field(default=120, ge=1, le=7 * 1440, validation_alias="FQ_PARTITION_GRACE_MINUTES")

    mongo_uri: SecretStr | None = Field(default=None, validation_alias="MONGO_URI")
    mongo_timeout_seconds: float = Field(default=10, gt=0, le=3_600, validation_alias="FQ_MONGO_TIMEOUT_SECONDS")
    extraction_workers: int = Field(default_factory=_workers, ge=1, le=64, validation_alias="FQ_EXTRACTION_WORKERS")
    extraction_batch_bytes: int = Field(
        default=4 * 2**20, ge=2**16, le=2**30, validation_alias="FQ_EXTRACTION_BATCH_BYTES"
    )
    extraction_range_documents: int = Field(default=500_000, ge=1, validation_alias="FQ_EXTRACTION_RANGE_DOCUMENTS")
    extraction_documents_per_second: float | None = Field(
        default=None, gt=0, allow_inf_nan=False, validation_alias="FQ_EXTRACTION_DOCUMENTS_PER_SECOND"
    )
    extraction_read_preference: ReadPreference | None = Field(
        default=None, validation_alias="FQ_EXTRACTION_READ_PREFERENCE"
    )

    # Parsed where it is used (`alerts/sinks.py`): what is wrong with a secret must be said without showing it.
    alert_urls: SecretStr | None = Field(default=None, validation_alias="FQ_ALERT_URLS")
    ui_url: str | None = Field(default=None, pattern=r"^https?://", validation_alias="FQ_UI_URL")

    dashboard_url: str = Field(
        default="http://127.0.0.1:8501", pattern=r"^https?://", validation_alias="FQ_DASHBOARD_URL"
    )

    cache: Path | None = Field(default=None, validation_alias="FQ_CACHE")
    maven_repository: str | None = Field(default=None, validation_alias="FQ_MAVEN_REPOSITORY")

    code_url: str | None = Field(default=None, pattern=r"^https?://", validation_alias="FQ_CODE_URL")

    backfill_partitions: int = Field(default=92, ge=0, validation_alias="FQ_BACKFILL_PARTITIONS")
    reconcile_days: int = Field(default=7, ge=0, le=3_660, validation_alias="FQ_RECONCILE_DAYS")
    step_retries: int = Field(default=3, ge=0, le=10, validation_alias="FQ_STEP_RETRIES")
    run_history_days: int = Field(default=90, ge=1, validation_alias="FQ_RUN_HISTORY_DAYS")

    demo_days: int = Field(default=31, ge=30, le=3_660, validation_alias="FQ_DEMO_DAYS")
    demo_orders: int = Field(default=10_000, ge=100, validation_alias="FQ_DEMO_ORDERS")
    demo_seed: int = Field(default=20260101, ge=0, validation_alias="FQ_DEMO_SEED")

    @field_validator("home", "sources_file", "ifco_path", "cache")
    @classmethod
    def _absolute(cls, value: Path | None) -> Path | None:
        try:
            return value.expanduser().absolute() if value is not None else None
        except RuntimeError as error:  # of a ~user who does not exist
            raise ValueError(str(error)) from None

    @field_validator("home")
    @classmethod
    def _usable_in_a_uri(cls, value: Path) -> Path:
        if unusable := {"#", "?"}.intersection(str(value)):
            raise ValueError(f"the path may not contain {' or '.join(sorted(unusable))}: tables are named by URIs")
        return value

    @property
    def warehouse(self) -> Path:
        """The folder of the local profile's tables, unless `FQ_WAREHOUSE` names another (path)."""
        return self.home / "warehouse"

    @property
    def warehouse_root(self) -> str | None:
        """The URI below which we place tables, without a trailing slash; None where the catalog places them."""
        if self.warehouse_override:
            return self.warehouse_override
        if self.profile is Profile.LOCAL:
            return f"file://{self.warehouse}"
        return f"s3://{self.s3_bucket}/{WAREHOUSE_FOLDER}" if self.profile.places_tables else None

    @property
    def catalog_file(self) -> Path:
        """The SQLite file of the catalog, in the profiles that use one (path)."""
        return self.home / "catalog.db"

    @property
    def mongo_home(self) -> Path:
        """The folder of the embedded MongoDB: its data, log and endpoint file (path)."""
        return self.home / "mongo"

    @property
    def dagster_home(self) -> Path:
        """The instance folder that `fq demo` and `fq dev` give to Dagster (path)."""
        return self.home / "dagster"


def load_settings() -> Settings:
    """Read settings from the environment, then from `.env` in the project's root.

    Returns:
        The validated, immutable settings.

    Raises:
        FqError: A variable has a value that its setting cannot take (all such variables are named at once), or
            `.env` cannot be read.
    """
    env_file = project_root() / ".env"
    try:
        return Settings(_env_file=env_file)
    except ValidationError as error:
        problems = "; ".join(
            f"{problem['loc'][0]}={_LOGIN.sub('//***@', str(problem['input']))!r}: {problem['msg']}"
            for problem in error.errors()
        )
        raise FqError(
            f"Settings cannot be read: {problems}",
            where=f"environment or {env_file}",
            fix="Correct or unset the variables named; README.md, 'Settings', lists every one with its values",
        ) from None
    except UnicodeDecodeError:
        raise FqError("The settings file is not UTF-8 text", where=str(env_file), fix="Save it as UTF-8") from None
    except OSError as error:
        raise FqError(
            f"The settings file cannot be read: {error.strerror}",
            where=str(env_file),
            fix="Make it readable, or remove it",
        ) from None


@cache
def get_settings() -> Settings:
    """The settings of this process, read once (see `load_settings`)."""
    return load_settings()
