from pathlib import Path

import pytest
from pydantic import SecretStr

from fq_platform.errors import FqError
from fq_platform.extraction.engine_name import ExtractionEngine
from fq_platform.extraction.engines import engine_of
from fq_platform.extraction.spark.engine import SparkEngine
from fq_platform.settings import Settings
from fq_platform.sources import Sources, load_sources


def declared(folder: Path, engine: str) -> Sources:
    file = folder / "sources.yaml"
    file.write_text(
        f"app: app\ndatabase: d\nstart_date: 2026-01-01\ncollections:\n  large:\n    engine: {engine}\n  small: {{}}\n",
        encoding="utf-8",
    )
    return load_sources(file)


def nowhere() -> str:
    raise AssertionError("nobody has asked")


def test_a_collection_is_extracted_by_the_engine_that_it_declares_or_that_is_asked_for(
    tmp_path: Path, settings: Settings
) -> None:
    sources = declared(tmp_path, "spark")
    assert isinstance(engine_of(settings, sources, "large", nowhere), SparkEngine)
    assert engine_of(settings, sources, "small", nowhere) is None
    assert engine_of(settings, sources, "large", nowhere, asked=ExtractionEngine.ARROW) is None
    assert isinstance(engine_of(settings, sources, "small", nowhere, asked=ExtractionEngine.SPARK), SparkEngine)


def test_files_are_always_read_on_this_machine(tmp_path: Path, settings: Settings) -> None:
    files = declared(tmp_path, "spark").model_copy(update={"folder": tmp_path})
    assert engine_of(settings, files, "large", nowhere, asked=ExtractionEngine.SPARK) is None


def test_an_engine_that_does_not_exist_is_refused_where_it_stands(tmp_path: Path) -> None:
    with pytest.raises(FqError) as refused:
        declared(tmp_path, "flink")
    assert refused.value.where.endswith("sources.yaml:6")


def test_spark_connect_is_refused_before_anything_is_read(tmp_path: Path, settings: Settings) -> None:
    remote = settings.model_copy(update={"spark_remote": SecretStr("sc://127.0.0.1:1/;token=secret")})
    with pytest.raises(FqError, match="SPARK_REMOTE") as refused:
        engine_of(remote, declared(tmp_path, "spark"), "large", nowhere)
    assert "secret" not in str(refused.value)
