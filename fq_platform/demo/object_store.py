"""The S3 server of the profile `s3local`: a process of its own with an Iceberg REST catalog, its data in `FQ_HOME/s3`.

Belongs here: its process, its buckets, and that it is found by others. Does not: its command line and files
(`object_store_command.py`), or what is stored in it.
"""

import http.client
import json
import os
from typing import Any

from pydantic import SecretStr

from fq_platform.demo.object_store_command import Installation, server_program
from fq_platform.demo.owned_server import OwnedServer
from fq_platform.demo.server_process import HOST, ServerProcess
from fq_platform.errors import FqError
from fq_platform.lakehouse.object_store_endpoint import ObjectStoreEndpoint, object_store_home
from fq_platform.settings import Settings

STOP_SECONDS = 2
"""How long a server may take to finish what it has begun, before it is killed.

Left alone it takes 26 seconds, in which it waits for connections between its own parts. What it has acknowledged is
in files by then; only deletions are done a second later.
"""
_CLIENT_SECONDS = 5


class ObjectStore(OwnedServer[ObjectStoreEndpoint]):
    """An S3 server for as long as this object is started.

    The bucket of the settings is made at the start; ports and key stay the same from start to start if they can.

    Args:
        settings: The settings; data, key, log and endpoint file stand in `FQ_HOME/s3`.
    """

    def __init__(self, settings: Settings) -> None:
        super().__init__(
            settings,
            name="the S3 server",
            home=object_store_home(settings),
            stop_seconds=STOP_SECONDS,
            otherwise="unset FQ_PROFILE to keep the tables in a folder",
        )

    def start(self) -> ObjectStoreEndpoint:
        """Start a server and wait until it can be written to, or attach to the one that runs.

        Returns:
            Where it answers.

        Raises:
            FqError: The server is not installed, does not come up (with its last log lines), or refuses the bucket.
        """
        if self._endpoint is not None:
            return self._endpoint
        endpoint = super().start()
        try:
            self.ensure_bucket(self._settings.s3_bucket)
        except BaseException:  # Ctrl-C included: nothing may be left running
            self.stop()
            raise
        return endpoint

    def ensure_bucket(self, name: str) -> None:
        """Make a bucket unless it exists.

        Args:
            name: The bucket's name.

        Raises:
            FqError: S3 allows no such name.
        """
        from botocore.exceptions import ClientError, ParamValidationError

        client = self.client()
        try:
            client.create_bucket(Bucket=name)
        except (client.exceptions.BucketAlreadyExists, client.exceptions.BucketAlreadyOwnedByYou):
            pass
        except ParamValidationError:
            raise _bad_name(name) from None
        except ClientError as error:
            if error.response.get("Error", {}).get("Code") != "InvalidBucketName":
                raise
            raise _bad_name(name) from None

    def ensure_table_bucket(self, name: str) -> str:
        """Make a table bucket, a warehouse of the server's Iceberg REST catalog, unless it exists.

        Args:
            name: The bucket's name; tables lie in `s3://<name>/`.

        Returns:
            What a client of the REST catalog asks for as its `warehouse`.
        """
        client = self.client("s3tables")
        known = client.list_table_buckets().get("tableBuckets", [])
        if name not in {bucket["name"] for bucket in known}:
            client.create_table_bucket(name=name)
        return f"s3://{name}"

    def client(self, service: str = "s3") -> Any:
        """A boto3 client of the server.

        Args:
            service: `s3` or `s3tables`.
        """
        return _client(self.endpoint, self._settings.aws_region, service)

    def _published(self) -> ObjectStoreEndpoint | None:
        return ObjectStoreEndpoint.read(self._settings)

    def _answers(self, endpoint: ObjectStoreEndpoint) -> bool:
        from botocore.exceptions import BotoCoreError, ClientError

        try:
            _client(endpoint, self._settings.aws_region).list_buckets()
        except (BotoCoreError, ClientError):
            return False
        return True

    def _launch(self) -> ObjectStoreEndpoint:
        program = server_program()
        installation = Installation.prepare(self._settings)
        self._server = server = ServerProcess(
            installation.command(program),
            self._log,
            STOP_SECONDS,
            environment=installation.environment(),
            folder=self._home,
            leftovers=installation.sockets(),
        )
        ports = installation.ports
        endpoint = ObjectStoreEndpoint(
            endpoint=f"http://{HOST}:{ports.s3}",
            catalog_uri=f"http://{HOST}:{ports.iceberg}",
            access_key=installation.access_key,
            secret_key=SecretStr(installation.secret_key),
            pid=server.pid,
            owner=os.getpid(),
        )
        self._await_ready(
            server, lambda: _knows_its_volumes(ports.master) and _serves(endpoint) and self._answers(endpoint)
        )
        return endpoint


def _client(endpoint: ObjectStoreEndpoint, region: str, service: str = "s3") -> Any:
    import boto3
    from botocore.config import Config

    return boto3.client(
        service,
        endpoint_url=endpoint.endpoint,
        aws_access_key_id=endpoint.access_key,
        aws_secret_access_key=endpoint.secret_key.get_secret_value(),
        region_name=region,
        config=Config(
            s3={"addressing_style": "path"},
            connect_timeout=_CLIENT_SECONDS,
            read_timeout=_CLIENT_SECONDS,
            retries={"total_max_attempts": 2},
        ),
    )


def _knows_its_volumes(master_port: int) -> bool:
    """Whether the server has found its own data again: until then it answers, but with errors."""
    status, body = _get(master_port, "/dir/status")
    return status == 200 and bool(json.loads(body)["Topology"]["DataCenters"])


def _serves(endpoint: ObjectStoreEndpoint) -> bool:
    """Whether the REST catalog, which is started last, answers."""
    return _get(int(endpoint.catalog_uri.rsplit(":", 1)[1]), "/v1/config")[0] == 200


def _get(port: int, path: str) -> tuple[int, bytes]:
    """Status and body of an answer; status 0 if there is none."""
    connection = http.client.HTTPConnection(HOST, port, timeout=_CLIENT_SECONDS)
    try:
        connection.request("GET", path)
        answer = connection.getresponse()
        return answer.status, answer.read()
    except (OSError, http.client.HTTPException):
        return 0, b""
    finally:
        connection.close()


def _bad_name(name: str) -> FqError:
    return FqError(
        f"S3 allows no bucket with the name {name!r}",
        where="S3_BUCKET",
        fix="Choose a name of 3 to 63 lower-case letters, digits and hyphens",
    )
