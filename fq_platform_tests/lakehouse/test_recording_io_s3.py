"""A write to S3 that is given up leaves no object behind, whole or half."""

import pyarrow as pa
import pytest
from pyiceberg.io import load_file_io
from pyiceberg.typedef import Record

from fq_platform.lakehouse.catalog import open_catalog
from fq_platform.lakehouse.connection import pyiceberg_properties
from fq_platform.lakehouse.parquet import DataFileWriter
from fq_platform.lakehouse.recording_io import RecordingIO
from fq_platform.settings import Settings
from fq_platform_tests.fixtures.object_store import ObjectStoreOfTests

pytestmark = pytest.mark.services


def test_an_abandoned_file_and_a_finished_one_are_both_gone(
    s3local_settings: Settings, object_store: ObjectStoreOfTests
):
    rows = pa.record_batch({"_id": [f"{n:032d}" for n in range(400_000)]})  # more than one part of an upload
    table = open_catalog(s3local_settings).create_table("raw.orders", schema=rows.schema)
    bucket = s3local_settings.s3_bucket
    before = object_store.keys(bucket)
    storage = RecordingIO(load_file_io(pyiceberg_properties(s3local_settings)))
    finished, abandoned = (DataFileWriter(storage, lambda: table.metadata, Record()) for _ in range(2))
    finished.write(rows)
    finished.close()
    abandoned.write(rows)
    assert len(object_store.keys(bucket)) > len(before)
    abandoned.abandon()
    storage.delete_begun()
    # PyArrow marks the emptied folder with an object without bytes, which no reader of the table looks for.
    assert [key for key in object_store.keys(bucket) if not key.endswith("/")] == before
    assert not object_store.client().list_multipart_uploads(Bucket=bucket).get("Uploads")
