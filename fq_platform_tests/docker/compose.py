"""Reads the compose files as Compose does: with variables, laid over each other, without what a profile leaves out.

Belongs here: as much of the specification as our files use. Does not: what must hold of them (`test_compose.py`).
"""

import re
from collections.abc import Mapping, Sequence
from typing import Any

import yaml

from fq_platform.settings import project_root

FOLDER = project_root() / "docker"
LOCAL = ("compose.yaml",)
AWS = ("compose.yaml", "compose.aws.yaml")
OURS = "fq-platform"
"""What the names of our images begin with."""

ENVIRONMENT = {
    "POSTGRES_PASSWORD": "in-the-stack",
    "JUPYTER_TOKEN": "a-token",
    "AWS_ACCESS_KEY_ID": "AK",
    "AWS_SECRET_ACCESS_KEY": "SK",
}
"""What `.env` must say."""
ON_AWS = ENVIRONMENT | {
    "AWS_REGION": "eu-west-1",
    "S3_BUCKET": "theirs",
    "MONGO_URI": "mongodb+srv://reader:pw@cluster.example.net/",
}

_VARIABLE = re.compile(r"\$(?:(?P<escaped>\$)|\{(?P<name>\w+)(?::(?P<how>[-?])(?P<rest>[^}]*))?\})")
_REPLACED = {"command", "entrypoint", "test", "tmpfs"}
"""Lists that the later file replaces; others grow."""


class MissingVariableError(Exception):
    """Compose would refuse to start."""


def read(files: Sequence[str], environment: Mapping[str, str]) -> dict[str, Any]:
    """The configuration as `docker compose config` prints it.

    Args:
        files: Names in `docker/`; a later one is laid over those before.
        environment: What `.env` says.

    Returns:
        The merged model, without services that only a profile starts.

    Raises:
        MissingVariableError: One that must be set is not.
    """
    merged: dict[str, Any] = {}
    for name in files:
        merged = _merged(merged, yaml.safe_load((FOLDER / name).read_text(encoding="utf-8")))
    model = {key: value for key, value in merged.items() if not key.startswith("x-")}
    model["services"] = {name: made for name, made in model["services"].items() if not made.get("profiles")}
    return _interpolated(model, environment)


def variables(files: Sequence[str]) -> set[str]:
    """The names of all variables that the files refer to."""
    text = "".join((FOLDER / name).read_text(encoding="utf-8") for name in files)
    return {found["name"] for found in _VARIABLE.finditer(text) if found["name"]}


def _interpolated(value: Any, environment: Mapping[str, str]) -> Any:
    match value:
        case dict():
            return {key: _interpolated(item, environment) for key, item in value.items()}
        case list():
            return [_interpolated(item, environment) for item in value]
        case str():
            return _VARIABLE.sub(lambda found: _value(found, environment), value)
        case _:
            return value


def _value(found: re.Match[str], environment: Mapping[str, str]) -> str:
    if found["escaped"]:
        return "$"
    given = environment.get(found["name"], "")
    if given or not found["how"]:
        return given
    if found["how"] == "?":
        raise MissingVariableError(f"{found['name']}: {found['rest']}")
    return found["rest"]


def _merged(below: Any, above: Any, key: str = "") -> Any:
    if isinstance(below, dict) and isinstance(above, dict):
        return below | {name: _merged(below.get(name), value, name) for name, value in above.items()}
    if isinstance(below, list) and isinstance(above, list) and key not in _REPLACED:
        if key != "volumes":
            return below + above
        # By the folder in the container: the later file's is mounted there.
        return list({_target(volume): volume for volume in below + above}.values())
    return above


def _target(volume: str) -> str:
    return volume.split(":")[1]
