"""The Dagster instance that `fq demo` and `fq dev` share, in `FQ_HOME`.

Belongs here: its folder and its configuration file. Does not: starting Dagster's servers.
"""

import os
from pathlib import Path
from typing import TYPE_CHECKING

from fq_platform.errors import FqError
from fq_platform.settings import Settings, project_root

if TYPE_CHECKING:
    from dagster import DagsterInstance


def prepare_dagster_home(settings: Settings) -> Path:
    """Make the instance's folder, with the project's `dagster.yaml` in it as it stands now.

    Args:
        settings: `FQ_HOME` is read.

    Returns:
        The folder, to be given to Dagster as `DAGSTER_HOME`.

    Raises:
        FqError: The folder cannot be written.
    """
    configuration = project_root() / "dagster.yaml"
    home = settings.dagster_home
    try:
        home.mkdir(parents=True, exist_ok=True)
        draft = home / f"dagster.yaml.{os.getpid()}"
        draft.write_bytes(configuration.read_bytes())
        draft.replace(home / "dagster.yaml")
    except OSError as error:
        raise FqError(
            f"Dagster's folder cannot be prepared: {error.strerror}: {error.filename}",
            where=str(home),
            fix="Let FQ_HOME name a folder that can be written, on a disk with room",
        ) from error
    return home


def open_instance(settings: Settings) -> "DagsterInstance":
    """Open the instance for runs in this process.

    Args:
        settings: `FQ_HOME` is read.

    Returns:
        The instance; the UI of `fq dev` shows its runs.

    Raises:
        FqError: The folder cannot be written.
    """
    from dagster import DagsterInstance

    home = prepare_dagster_home(settings)
    os.environ["DAGSTER_HOME"] = str(home)
    return DagsterInstance.from_config(str(home))
