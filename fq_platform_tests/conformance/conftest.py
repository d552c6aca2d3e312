"""One lakehouse for each pair of a catalog and a storage, which all tests of it share, with tables of their own."""

from collections.abc import Callable, Iterator
from functools import cache
from typing import Any

import pytest
from pymongo import MongoClient
from pymongo.database import Database

from fq_platform.resources.spark import SparkResource
from fq_platform.settings import Settings
from fq_platform_tests.conformance.lakehouse import Lakehouse
from fq_platform_tests.fixtures.catalogs import BACKENDS, LakeBackends


@pytest.fixture(scope="session")
def lakehouses(
    lake_backends: LakeBackends, resource_over: Callable[[Settings], SparkResource]
) -> Callable[[str], Lakehouse]:
    """Gives the lakehouse of a backend, the same each time: where tests go file by file, it is asked for again."""

    @cache
    def lakehouse(backend: str) -> Lakehouse:
        settings = lake_backends(backend)
        return Lakehouse(backend, settings, resource_over(settings))

    return lakehouse


@pytest.fixture(scope="session", params=BACKENDS)
def lakehouse(request: pytest.FixtureRequest, lakehouses: Callable[[str], Lakehouse]) -> Lakehouse:
    """Each of the lakehouses; of session scope, so that all tests of one run before those of the next."""
    return lakehouses(request.param)


@pytest.fixture
def database(mongo_uri: str, lakehouse: Lakehouse) -> Iterator[Database[dict[str, Any]]]:
    """A database of MongoDB for the backend."""
    with MongoClient[dict[str, Any]](mongo_uri, tz_aware=True) as client:
        name = "conformance_" + lakehouse.backend.replace("-", "_")
        yield client[name]
        client.drop_database(name)
