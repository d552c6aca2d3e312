"""Where Trino answers and who asks: what `FQ_TRINO_URL` says.

Belongs here: reading the address. Does not: connecting (`trino_engine.py`).
"""

import getpass
from dataclasses import dataclass, field
from urllib.parse import unquote, urlsplit

from fq_platform.errors import FqError
from fq_platform.lakehouse.layout import CATALOG
from fq_platform.settings import Settings

_FORM = "https://<user>:<password>@<host>[:<port>][/<catalog>], or http:// for a server that asks no password"
_PORTS = {"http": 8080, "https": 443}


@dataclass(frozen=True)
class TrinoAddress:
    """The address of a Trino coordinator.

    Args:
        scheme: `http` or `https`.
        host: Its name or number.
        port: The port.
        catalog: What it calls the lakehouse's catalog.
        user: Who asks.
        password: The user's password; None where the server asks for none.
    """

    scheme: str
    host: str
    port: int
    catalog: str
    user: str
    password: str | None = field(default=None, repr=False)

    @property
    def shown(self) -> str:
        """For messages: without user and password."""
        host = f"[{self.host}]" if ":" in self.host else self.host
        return f"{self.scheme}://{host}:{self.port}/{self.catalog}"


def trino_address(settings: Settings) -> TrinoAddress:
    """The address that the settings name.

    Args:
        settings: `FQ_TRINO_URL`.

    Returns:
        The address; the catalog is `iceberg`, and the user the one of this machine, unless it says otherwise.

    Raises:
        FqError: It is not set, or cannot be used; the message does not show it.
    """
    if settings.trino_url is None:
        raise FqError(
            "FQ_TRINO_URL is not set: where Trino answers is not known",
            where="environment or .env",
            fix=f"Give {_FORM}",
        )
    try:
        url = urlsplit(settings.trino_url.get_secret_value())
        port = url.port
    except ValueError:
        raise _wrong("is no address") from None
    catalog = url.path.strip("/")
    if url.scheme not in _PORTS or not url.hostname:
        raise _wrong("is no address of a web server")
    if "/" in catalog or url.query or url.fragment:
        raise _wrong("has more behind the server's name than a catalog")
    if url.password is not None and url.scheme == "http":
        raise _wrong("would send the password unencrypted")
    return TrinoAddress(
        scheme=url.scheme,
        host=url.hostname,
        port=port or _PORTS[url.scheme],
        catalog=unquote(catalog).lower() or CATALOG,
        user=unquote(url.username or "") or getpass.getuser(),
        password=unquote(url.password) if url.password is not None else None,
    )


def _wrong(what: str) -> FqError:
    return FqError(f"FQ_TRINO_URL {what}", where="environment or .env", fix=f"Give {_FORM}")
