"""One address of a SQL catalog serves both engines, and shows its password to neither log nor error."""

from pathlib import Path

import pytest
from pydantic import SecretStr

from fq_platform.errors import FqError
from fq_platform.lakehouse.sql_uri import SqlUri, sql_uri
from fq_platform.settings import Profile, Settings


def address(uri: str, home: Path = Path("/home")) -> SqlUri:
    return sql_uri(Settings(home=home, profile=Profile.SQL, catalog_uri=SecretStr(uri)))


def test_catalog_is_a_file_in_home_unless_told() -> None:
    found = sql_uri(Settings(home=Path("/data/fq"), profile=Profile.SQL))

    assert (found.sqlalchemy, found.jdbc) == ("sqlite:////data/fq/catalog.db", "jdbc:sqlite:/data/fq/catalog.db")
    assert not found.is_postgres


@pytest.mark.parametrize("scheme", ["postgresql", "postgres", "postgresql+psycopg2"])
def test_user_and_password_are_told_apart_from_the_address_of_spark(scheme: str) -> None:
    found = address(f"{scheme}://f%40q:p%40ss%3Aw%2Frd@db.example/lake")

    assert found.sqlalchemy == "postgresql+psycopg2://f%40q:p%40ss%3Aw%2Frd@db.example/lake"
    assert found.jdbc == "jdbc:postgresql://db.example:5432/lake"
    assert (found.user, found.password) == ("f@q", "p@ss:w/rd")
    assert found.shown == "postgresql://db.example:5432/lake"
    assert found.is_postgres


def test_options_are_given_to_each_driver_by_its_own_name() -> None:
    found = address("postgresql://fq@[::1]:6000/lake?sslmode=verify-full&sslrootcert=/ca%20s.pem&connect_timeout=5")

    assert found.jdbc == (
        "jdbc:postgresql://[::1]:6000/lake?sslmode=verify-full&sslrootcert=/ca%20s.pem&connectTimeout=5"
    )
    assert "sslmode=verify-full&sslrootcert=%2Fca+s.pem" in found.sqlalchemy
    assert "connect_timeout=5" in found.sqlalchemy


@pytest.mark.parametrize(
    ("uri", "said"),
    [
        ("s3cret", "is no address of a database"),
        ("mysql://u:s3cret@h/d", "of a kind that cannot hold the catalog: 'mysql'"),
        ("postgresql://u:s3cret@host", "lacks the server's name or the database's"),
        ("postgresql://u:s3cret@/lake", "lacks the server's name or the database's"),
        ("postgresql://u:s3cret@h:port/lake", "is no address of a database"),
        ("postgresql://u:s3cret@h/lake?options=-csearch_path%3Da", "not every engine knows: options"),
        ("sqlite:///relative.db", "no file by its absolute path: 'relative.db'"),
        ("sqlite://", "no file by its absolute path"),
    ],
)
def test_what_cannot_be_an_address_is_refused_without_its_password(uri: str, said: str) -> None:
    with pytest.raises(FqError, match=said) as refused:
        address(uri)

    assert refused.value.where == "FQ_CATALOG_URI"
    assert "s3cret" not in str(refused.value)


def test_password_does_not_show() -> None:
    assert "s3cret" not in repr(address("postgresql://u:s3cret@host/lake"))
