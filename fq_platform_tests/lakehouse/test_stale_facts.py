"""Which days of facts show their dimensions otherwise than these are, over real tables written by PyIceberg."""

from pathlib import Path

import pytest
from pyiceberg.catalog.sql import SqlCatalog

from fq_platform.lakehouse.stale_facts import newest_snapshot
from fq_platform_tests.lakehouse.facts_shop import ANNA, BERT, CUP, Shop, days


@pytest.fixture
def shop(tmp_path: Path) -> Shop:
    return Shop(SqlCatalog("shop", uri=f"sqlite:///{tmp_path}/catalog.db", warehouse=f"file://{tmp_path}/lake"))


def test_only_days_that_show_a_changed_attribute_are_stale_until_they_are_made_again(shop: Shop) -> None:
    shop.order(5, "c1", "p1", sku="own")
    customers, products = shop.publish()
    shop.make_facts()
    assert shop.stale(shop.of_customers, None) == shop.stale(shop.of_products, None) == days()

    shop.customers["c1"] = ANNA | {"updated_at": "2"}
    shop.publish()
    assert shop.stale(shop.of_customers, customers) == days()

    shop.customers["c1"] = ANNA | {"country": "CH"}
    shop.products["p1"] = CUP | {"sku": "S2"}
    shop.publish()
    assert shop.stale(shop.of_customers, customers) == shop.stale(shop.of_customers, None) == days(1, 2, 5)
    assert shop.stale(shop.of_products, products) == days(1, 2, 3)

    shop.make_facts()
    assert shop.stale(shop.of_customers, customers) == shop.stale(shop.of_products, products) == days()


def test_members_that_came_or_went_concern_the_days_that_name_them(shop: Shop) -> None:
    customers, products = shop.publish()
    shop.make_facts()

    shop.customers["c2"] = BERT
    shop.products["p9"] = CUP | {"product_id": "p9"}
    shop.publish()
    assert (shop.stale(shop.of_customers, customers), shop.stale(shop.of_products, products)) == (days(3), days(4))

    shop.make_facts()
    customers, _ = shop.publish()
    del shop.customers["c1"]
    shop.publish()
    assert shop.stale(shop.of_customers, customers) == days(1, 2)


def test_facts_that_do_not_exist_are_not_stale(shop: Shop) -> None:
    assert newest_snapshot(shop.catalog, shop.of_customers.table) is None
    shop.publish()
    assert shop.stale(shop.of_customers, None) == days()
