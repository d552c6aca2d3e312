"""One address of a SQL catalog, as each engine takes it.

Belongs here: SQLAlchemy's form, which the settings use, and JDBC's. Does not: connecting.
"""

from dataclasses import dataclass, field
from typing import TYPE_CHECKING
from urllib.parse import quote

from fq_platform.errors import FqError
from fq_platform.settings import Profile, Settings

if TYPE_CHECKING:
    from sqlalchemy import URL

_JDBC_NAMES = {
    "sslmode": "sslmode",
    "sslrootcert": "sslrootcert",
    "connect_timeout": "connectTimeout",
    "application_name": "ApplicationName",
}
"""Options of an address that both PostgreSQL drivers have, by libpq's name to JDBC's."""


@dataclass(frozen=True)
class SqlUri:
    """The address of a SQL catalog.

    Args:
        sqlalchemy: For PyIceberg; holds the password.
        jdbc: For Spark; holds neither user nor password.
        user: For Spark; empty for SQLite.
        password: For Spark; empty for SQLite.
        shown: For messages; holds no password.
    """

    sqlalchemy: str = field(repr=False)
    jdbc: str
    user: str
    password: str = field(repr=False)
    shown: str

    @property
    def is_postgres(self) -> bool:
        """Whether a PostgreSQL server keeps the catalog, and not a file."""
        return self.jdbc.startswith("jdbc:postgresql:")


def sql_uri(settings: Settings) -> SqlUri:
    """The address of the SQL catalog: `FQ_CATALOG_URI` in the profile `sql`, else the SQLite file in `FQ_HOME`.

    Args:
        settings: The profile, `FQ_CATALOG_URI` and `FQ_HOME` decide.

    Returns:
        The address in the forms of the engines.

    Raises:
        FqError: `FQ_CATALOG_URI` is none of a PostgreSQL or SQLite database.
    """
    from sqlalchemy import URL, make_url
    from sqlalchemy.exc import ArgumentError

    if settings.catalog_uri is None or settings.profile is not Profile.SQL:
        return _sqlite(URL.create("sqlite", database=str(settings.catalog_file)))
    try:
        # SQLAlchemy's errors would show the whole address, password included.
        url = make_url(settings.catalog_uri.get_secret_value())
    except (ArgumentError, ValueError):
        raise _wrong("FQ_CATALOG_URI is no address of a database") from None
    if url.drivername in ("sqlite", "sqlite+pysqlite"):
        return _sqlite(url)
    if url.drivername in ("postgresql", "postgres", "postgresql+psycopg2"):
        return _postgres(url.set(drivername="postgresql+psycopg2"))
    raise _wrong(f"FQ_CATALOG_URI names a database of a kind that cannot hold the catalog: {url.drivername!r}")


def _sqlite(url: "URL") -> SqlUri:
    database = url.database or ""
    if not database.startswith("/"):
        raise _wrong(f"FQ_CATALOG_URI names no file by its absolute path: {url.database!r}")
    return SqlUri(
        sqlalchemy=f"sqlite:///{database}", jdbc=f"jdbc:sqlite:{database}", user="", password="", shown=database
    )


def _postgres(url: "URL") -> SqlUri:
    if not url.host or not url.database:
        raise _wrong("FQ_CATALOG_URI lacks the server's name or the database's")
    if unknown := sorted(set(url.query) - set(_JDBC_NAMES)):
        raise _wrong(
            f"FQ_CATALOG_URI has options that not every engine knows: {', '.join(unknown)}",
            f"Leave them out; these are known: {', '.join(_JDBC_NAMES)}",
        )
    host = f"[{url.host}]" if ":" in url.host else url.host
    options = "&".join(f"{_JDBC_NAMES[name]}={quote(str(value))}" for name, value in url.query.items())
    address = f"{host}:{url.port or 5432}/{quote(url.database)}"
    return SqlUri(
        sqlalchemy=url.render_as_string(hide_password=False),
        jdbc=f"jdbc:postgresql://{address}" + (f"?{options}" if options else ""),
        user=url.username or "",
        password=str(url.password or ""),
        shown=f"postgresql://{address}",
    )


def _wrong(
    what: str, fix: str = "Give postgresql://<user>:<password>@<host>:<port>/<database> or sqlite:////<path>"
) -> FqError:
    return FqError(what, where="FQ_CATALOG_URI", fix=fix)
