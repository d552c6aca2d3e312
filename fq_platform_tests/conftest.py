"""Loads the fixtures of each area. Belongs here: nothing else; a fixture stands in fixtures/<area>.py."""

pytest_plugins = [
    "fq_platform_tests.fixtures.settings",
    "fq_platform_tests.fixtures.mongo",
    "fq_platform_tests.fixtures.spark",
    "fq_platform_tests.fixtures.browser",
    "fq_platform_tests.fixtures.lake",
]
