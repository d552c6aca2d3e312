"""The S3 server is killed during a sync: that is said in words, nothing half is seen, and the next sync completes."""

import os
import signal
import time
from collections.abc import Iterator
from typing import Any

import pytest
from pymongo.database import Database

from fq_platform.demo.object_store import ObjectStore
from fq_platform.errors import FqError
from fq_platform.extraction.results import Progress
from fq_platform.extraction.verify import verify
from fq_platform.extraction.windows import Window
from fq_platform.lakehouse.catalog import open_catalog
from fq_platform.lakehouse.layout import Layer, TableName
from fq_platform.settings import Profile, Settings
from fq_platform_tests.extraction.landing import Landing

pytestmark = pytest.mark.services

DOCUMENTS = 3_000


@pytest.fixture
def store(settings: Settings) -> Iterator[ObjectStore]:
    """A server of the test's own."""
    with ObjectStore(settings) as running:
        yield running


@pytest.fixture
def landing(mongo_database: Database[dict[str, Any]], settings: Settings) -> Landing:
    return Landing(mongo_database, settings.model_copy(update={"profile": Profile.S3LOCAL}))


def differences(landing: Landing) -> int:
    table = TableName(Layer.RAW, "app_things", "app")
    found = verify(landing.database, "things", [Window()], catalog=open_catalog(landing.settings), table=table)
    return found.differences


def test_what_a_killed_server_interrupts_is_told_and_made_up_for(store: ObjectStore, landing: Landing) -> None:
    landing.database.things.insert_one({"_id": "first"})
    assert landing.whole().inserted == 1
    landing.database.things.insert_many([{"_id": f"{n:05}", "text": str(n) * 100} for n in range(DOCUMENTS)])
    killed: list[int] = []

    def kill_halfway(progress: Progress) -> None:
        if not killed and progress.documents > DOCUMENTS / 2:
            os.kill(store.endpoint.pid, signal.SIGKILL)
            killed.append(progress.documents)

    begun = time.monotonic()
    with pytest.raises(FqError) as caught:
        landing.whole(batch_bytes=50_000, workers=1, on_progress=kill_halfway)
    assert time.monotonic() - begun < 30
    assert 0 < killed[0] < DOCUMENTS
    assert caught.value.what == "S3 cannot be reached"
    assert caught.value.where.startswith("iceberg.raw.app_things, s3://")
    assert "fq dev --profile s3local" in caught.value.fix
    with pytest.raises(FqError, match="S3 server of the profile s3local does not run"):
        landing.whole()

    store.stop()
    store.start()
    assert [row["_id"] for row in landing.rows("things")] == ["first"]
    assert differences(landing) == DOCUMENTS
    assert landing.whole().inserted == DOCUMENTS
    assert differences(landing) == 0
