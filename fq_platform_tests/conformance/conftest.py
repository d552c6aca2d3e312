"""One lakehouse for each pair of a catalog and a storage; all tests of one run before those of the next."""

from collections.abc import Callable, Iterator
from typing import Any

import pytest
from pymongo import MongoClient
from pymongo.database import Database

from fq_platform.resources.spark import SparkResource
from fq_platform.settings import Settings
from fq_platform_tests.conformance.lakehouse import Lakehouse
from fq_platform_tests.fixtures.catalogs import BACKENDS, LakeBackends


@pytest.fixture(scope="session", params=BACKENDS)
def lakehouse(
    request: pytest.FixtureRequest,
    lake_backends: LakeBackends,
    resource_over: Callable[[Settings], SparkResource],
) -> Lakehouse:
    """A lakehouse that the tests share, each with tables of its own."""
    settings = lake_backends(request.param)
    return Lakehouse(request.param, settings, resource_over(settings))


@pytest.fixture
def database(mongo_uri: str, lakehouse: Lakehouse) -> Iterator[Database[dict[str, Any]]]:
    """A database of MongoDB for the backend."""
    with MongoClient[dict[str, Any]](mongo_uri, tz_aware=True) as client:
        name = "conformance_" + lakehouse.backend.replace("-", "_")
        yield client[name]
        client.drop_database(name)
