"""Damaged bytes are refused with an error that names the document, or decoded exactly; they never crash the process."""

import subprocess
import sys

import pytest

pytestmark = pytest.mark.exhaustive

SEEDS = 1_000


def test_damaged_batches_are_refused_or_decoded_exactly() -> None:
    done = subprocess.run(
        [sys.executable, "-X", "faulthandler", "-m", "fq_platform_tests.extraction.fuzz", "0", str(SEEDS)],
        capture_output=True,
        text=True,
        timeout=300,
        check=False,
    )
    assert done.returncode == 0, f"{done.stdout[-2000:]}\n{done.stderr[-4000:]}"
    assert "lenient" not in done.stdout
    assert "without a name" not in done.stdout
