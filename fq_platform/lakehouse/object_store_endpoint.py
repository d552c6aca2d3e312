"""Where the S3 server of the profile `s3local` answers: the small file by which one process tells all others.

Belongs here: the endpoint file and whether what it says still holds. Does not: the server's process
(`demo/object_store.py`), or clients of it.
"""

import json
import os
from dataclasses import dataclass
from pathlib import Path
from typing import Self

from pydantic import SecretStr

from fq_platform.errors import FqError
from fq_platform.server_endpoint import ServerEndpoint
from fq_platform.settings import Settings


@dataclass(frozen=True, kw_only=True)
class ObjectStoreEndpoint(ServerEndpoint):
    """What the endpoint file tells about a running server, beside its processes.

    Args:
        endpoint: The URL of its S3 API, `http://127.0.0.1:<port>`; buckets are addressed by path.
        catalog_uri: The URL of its Iceberg REST catalog, which knows the tables of table buckets only.
        access_key: The id of the only key that it accepts.
        secret_key: That key's secret.
    """

    endpoint: str
    catalog_uri: str
    access_key: str
    secret_key: SecretStr

    @classmethod
    def read(cls, settings: Settings) -> Self | None:
        """The endpoint last written; None if there is none, or if the file is not a whole one."""
        try:
            content = json.loads(endpoint_file(settings).read_text(encoding="utf-8"))
            texts = {name: str(content[name]) for name in ("endpoint", "catalog_uri", "access_key")}
            numbers = {name: int(content[name]) for name in ("pid", "owner")}
            return cls(secret_key=SecretStr(str(content["secret_key"])), **texts, **numbers)  # type: ignore[arg-type]
        except (FileNotFoundError, ValueError, KeyError, TypeError):
            return None

    def write(self, settings: Settings) -> None:
        """Replace the endpoint file in one step, so that nobody reads half of it; only this user can read it."""
        content = {
            "endpoint": self.endpoint,
            "catalog_uri": self.catalog_uri,
            "access_key": self.access_key,
            "secret_key": self.secret_key.get_secret_value(),
            "pid": self.pid,
            "owner": self.owner,
        }
        write_private(endpoint_file(settings), json.dumps(content))

    def storage_argument(self, settings: Settings) -> str:
        """The storage on the server's command line."""
        return f"-dir={data_folder(settings)}"


def object_store_endpoint(settings: Settings) -> ObjectStoreEndpoint | None:
    """The S3 server of this `FQ_HOME`, if one runs.

    Reads a small file and looks at two processes; connects to nothing.

    Args:
        settings: The settings, whose `home` is looked into.

    Returns:
        Where the server answers, with the key that it accepts, or None if no server runs.
    """
    endpoint = ObjectStoreEndpoint.read(settings)
    return endpoint if endpoint and endpoint.is_owned() and endpoint.is_served(settings) else None


def require_object_store(settings: Settings) -> ObjectStoreEndpoint:
    """The S3 server of this `FQ_HOME`, which must run.

    Args:
        settings: The settings, whose `home` is looked into.

    Returns:
        Where the server answers, with the key that it accepts.

    Raises:
        FqError: No server runs.
    """
    endpoint = object_store_endpoint(settings)
    if endpoint is None:
        raise FqError(
            "The S3 server of the profile s3local does not run",
            where=str(object_store_home(settings)),
            fix="Start it in another terminal: fq dev --profile s3local; or unset FQ_PROFILE to use the local profile",
        )
    return endpoint


def object_store_home(settings: Settings) -> Path:
    """The folder of the S3 server: its data, key, log and endpoint file."""
    return settings.home / "s3"


def endpoint_file(settings: Settings) -> Path:
    """The file that is there while a server runs (or after it was ended by force)."""
    return object_store_home(settings) / "endpoint.json"


def data_folder(settings: Settings) -> Path:
    """The server's storage, with links resolved: two processes may name the same `FQ_HOME` by different ones."""
    return (object_store_home(settings) / "data").resolve()


def write_private(file: Path, text: str) -> None:
    """Replace a file in one step; at no moment can anyone but this user read it.

    Args:
        file: The file; its folder exists.
        text: What it shall say.
    """
    draft = file.with_suffix(".tmp")
    draft.unlink(missing_ok=True)
    with os.fdopen(os.open(draft, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600), "w", encoding="utf-8") as stream:
        stream.write(text)
    draft.replace(file)
