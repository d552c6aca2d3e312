"""Kernels are compiled with a cache where there is room for one, and without where there is none."""

import os
import subprocess
import sys
from pathlib import Path
from typing import Any

import numba
import pytest

from fq_platform.extraction.kernels import compiled


def double(number: int) -> int:
    return 2 * number


def test_kernel_works_without_a_folder_for_the_cache(monkeypatch: pytest.MonkeyPatch) -> None:
    njit = numba.njit

    def no_locator(*functions: Any, cache: bool = False, **options: Any) -> Any:
        if cache:
            raise RuntimeError("cannot cache function 'double': no locator available")
        return njit(*functions, **options)  # Numba's own modules, loaded when they are needed, use it as a decorator

    monkeypatch.setattr(numba, "njit", no_locator)

    assert compiled.kernel(double)(21) == 42


def test_machine_code_is_kept_in_the_cache_folder(tmp_path: Path) -> None:
    code = "from fq_platform.extraction.kernels.texts import digits; print(digits(-1200))"
    environment = {name: value for name, value in os.environ.items() if name != "NUMBA_CACHE_DIR"}

    done = subprocess.run(
        [sys.executable, "-c", code],
        env=environment | {"FQ_CACHE": str(tmp_path)},
        capture_output=True,
        text=True,
        check=True,
        timeout=120,
    )

    assert done.stdout == "5\n"
    assert list((tmp_path / "kernels").rglob("texts.digits-*.nbc"))
