"""Documents that the embedded server refuses, served as bytes, are landed and verified like any other.

It refuses dates outside the years 1 to 9999 and text that is not UTF-8, and rewrites what pymongo cannot hold:
undefined, symbols, DBPointers, repeated names. MongoDB itself stores them all.
"""

import uuid
from collections.abc import Iterator

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from pymongo import MongoClient

from fq_platform.extraction.bson_values import Document
from fq_platform.extraction.findings import Findings
from fq_platform.extraction.verify import VerifyOptions, verify
from fq_platform.extraction.windows import Window
from fq_platform.lakehouse.catalog import open_catalog
from fq_platform.lakehouse.layout import Layer, TableName
from fq_platform.settings import Settings
from fq_platform_tests.extraction.corpus import CORPUS, big, doc, named
from fq_platform_tests.extraction.encoding import encode
from fq_platform_tests.extraction.landing import Landing
from fq_platform_tests.extraction.raw_server import RawServer, raw_server
from fq_platform_tests.extraction.strategies import BATCHES, numbered

pytestmark = pytest.mark.services


class Raw(Landing):
    """A lake beside documents that are served as they are."""

    def __init__(self, server: RawServer, client: MongoClient, settings: Settings) -> None:
        super().__init__(client["raw"], settings)
        self.server = server

    def serve(self, documents: list[Document]) -> None:
        self.server.documents = [encode(document) for document in documents]

    def check(self, *, hashes_only: bool = False) -> Findings:
        return verify(
            self.database,
            "things",
            [Window()],
            catalog=open_catalog(self.settings),
            table=TableName(Layer.RAW, "app_things", "app"),
            options=VerifyOptions(hashes_only=hashes_only),
        )


@pytest.fixture
def raw(settings: Settings) -> Iterator[Raw]:
    with raw_server() as server, MongoClient(server.uri) as client:
        yield Raw(server, client, settings)


@pytest.mark.parametrize("keep_document", [False, True])
def test_whole_corpus_is_landed_without_a_difference(raw: Raw, keep_document: bool) -> None:
    raw.serve([*CORPUS, big()])
    result = raw.whole(keep_document=keep_document)

    found = raw.check()

    assert found.listed == []
    assert found.documents == result.inserted == len(CORPUS) + 1
    if keep_document:
        rows = raw.table("things").scan(selected_fields=("_fq_document",)).to_arrow()
        assert {row["_fq_document"] for row in rows.to_pylist()} == set(raw.server.documents)


@settings(max_examples=15, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(batches=st.lists(BATCHES, min_size=1, max_size=3))
def test_any_documents_are_landed_without_a_difference(raw: Raw, batches: list[list[Document]]) -> None:
    raw.settings = Settings(home=raw.settings.home.parent / uuid.uuid4().hex)  # an empty lake
    served: list[Document] = []
    for number, batch in enumerate(batches):
        served += numbered(batch, number * 100)
        raw.serve(served)
        raw.whole()
        assert raw.check().listed == []
    raw.serve([])
    raw.whole()
    assert (raw.check().documents, raw.check().differences) == (0, 0)


def test_changes_that_only_bytes_show_are_found(raw: Raw) -> None:
    raw.serve([doc(_id=1, a="\udcfe"), named(("_id", 2), ("r", 1), ("r", 2))])
    raw.whole()
    raw.serve([doc(_id=1, a="\udcff"), named(("_id", 2), ("r", 1), ("r", 3))])

    assert [(found.key, found.path, found.source, found.lake) for found in raw.check().listed] == [
        ("1", "a", r'"\udcff"', r'"\udcfe"'),
        ("2", "r;2", '{"$numberInt": "3"}', '{"$numberInt": "2"}'),
    ]
