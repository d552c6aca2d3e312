"""Which collections names mean: those of the sources file and those of the IFCO application."""

import datetime as dt

import pytest

from fq_platform.commands.choice import choose
from fq_platform.errors import FqError
from fq_platform.settings import IfcoSource, Settings
from fq_platform.sources import Collection, Sources

SHOP = Sources(
    app="shop",
    database="shop",
    start_date=dt.date(2026, 1, 1),
    collections={"orders": Collection(partition_by="at"), "ifco.invoices": Collection()},
)
DAY = dt.date(2026, 2, 1)


def names(*asked: str, day: dt.date | None = None, source: IfcoSource = IfcoSource.FILES) -> list[str]:
    return [found.name for found in choose(Settings(ifco_source=source), SHOP, asked, day, day)]


def test_without_names_all_are_meant_and_with_days_those_that_have_some() -> None:
    assert names() == ["orders", "ifco.invoices", "ifco.orders", "ifco.invoices"]
    assert names(source=IfcoSource.NONE) == ["orders", "ifco.invoices"]
    assert names(day=DAY) == ["orders"]


def test_names_of_the_sources_file_go_first() -> None:
    found = choose(Settings(), SHOP, ["ifco.orders", "ifco.invoices"])

    assert [(one.sources.app, one.scope.table.name) for one in found] == [
        ("shop", "shop_ifco_x2e_invoices"),
        ("ifco", "ifco_orders"),
    ]


def test_another_app_of_the_same_name_is_refused_unless_the_packaged_one_is_off() -> None:
    ours = SHOP.model_copy(update={"app": "ifco"})

    with pytest.raises(FqError, match="FQ_IFCO_SOURCE=none"):
        choose(Settings(), ours)
    assert len(choose(Settings(ifco_source=IfcoSource.NONE), ours)) == 2


def test_names_that_mean_nothing_are_told_with_what_there_is() -> None:
    with pytest.raises(FqError, match=r"'orderz' is not declared .*orders"):
        names("ifco.orderz")
    with pytest.raises(FqError, match=r"'ifco\.orders' is not declared"):
        names("ifco.orders", source=IfcoSource.NONE)
    with pytest.raises(FqError, match="orders has no days"):
        names("ifco.orders", day=DAY)
