"""The fixture that all tests of extraction share."""

from typing import Any

import pytest
from pymongo.database import Database

from fq_platform.settings import Settings
from fq_platform_tests.extraction.landing import Landing


@pytest.fixture
def landing(mongo_database: Database[dict[str, Any]], settings: Settings) -> Landing:
    return Landing(mongo_database, settings)
