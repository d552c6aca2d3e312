"""Loads the fixtures of each area. A fixture stands in fixtures/<area>.py."""

import signal

if signal.getsignal(signal.SIGINT) is signal.SIG_IGN:
    # Started as a background job: Dagster gives SIGTERM the same handler, and the servers of tests would inherit it.
    signal.signal(signal.SIGINT, signal.default_int_handler)

pytest_plugins = [
    "fq_platform_tests.fixtures.settings",
    "fq_platform_tests.fixtures.mongo",
    "fq_platform_tests.fixtures.spark",
    "fq_platform_tests.fixtures.browser",
    "fq_platform_tests.fixtures.lake",
]
