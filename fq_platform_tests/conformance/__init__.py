"""What holds on every pair of a catalog and a storage: the fixture `lakehouse` goes over all of them."""

import pytest

pytest.register_assert_rewrite("fq_platform_tests.conformance.lakehouse")
