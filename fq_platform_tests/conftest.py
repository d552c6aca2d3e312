"""Loads the fixtures of each area. A fixture stands in fixtures/<area>.py."""

import signal

import pytest
from hypothesis import settings

# The same examples in every run: what a change breaks is its own. `make test ARGS=--hypothesis-profile=search` looks
# for new ones; write down as an `@example` what it finds.
settings.register_profile("search", settings(deadline=None, print_blob=True))
settings.register_profile("repeatable", settings(deadline=None, derandomize=True))
settings.load_profile("repeatable")

if signal.getsignal(signal.SIGINT) is signal.SIG_IGN:
    # Started as a background job: Dagster gives SIGTERM the same handler, and the servers of tests would inherit it.
    signal.signal(signal.SIGINT, signal.default_int_handler)

pytest_plugins = [
    "fq_platform_tests.fixtures.settings",
    "fq_platform_tests.fixtures.mongo",
    "fq_platform_tests.fixtures.spark",
    "fq_platform_tests.fixtures.connect",
    "fq_platform_tests.fixtures.spark_cluster",
    "fq_platform_tests.fixtures.browser",
    "fq_platform_tests.fixtures.lake",
    "fq_platform_tests.fixtures.analytics_lake",
    "fq_platform_tests.fixtures.object_store",
    "fq_platform_tests.fixtures.catalogs",
    "fq_platform_tests.fixtures.trino",
    "fq_platform_tests.fixtures.agreement_lake",
    "fq_platform_tests.fixtures.daemon",
    "fq_platform_tests.fixtures.daemon_storage",
    "fq_platform_tests.fixtures.sinks",
]

LONGEST_FIRST = ("fq_platform_tests/soak/", "fq_platform_tests/demo/test_demo.py", "fq_platform_tests/e2e/")
"""What takes minutes by itself: begun last, it would leave one of two processes without work."""


def pytest_collection_modifyitems(items: list[pytest.Item]) -> None:
    """Begin with what takes longest; the rest keeps its order."""
    items.sort(key=lambda item: not item.nodeid.startswith(LONGEST_FIRST))
