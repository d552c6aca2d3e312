"""The packaged IFCO files: what makes them makes them, and they have every kind of dirt that is to be cleaned."""

import csv
import datetime as dt
import json
from collections import Counter
from pathlib import Path

import pytest

from fq_platform.demo.ifco_sample import FIRST_DAY, FOLDER, LAST_DAY, invoices, orders, write


def test_packaged_files_are_those_that_the_generator_writes(tmp_path: Path) -> None:
    write(tmp_path)

    for name in ("orders.csv", "invoicing_data.json"):
        assert (FOLDER / name).read_bytes() == (tmp_path / name).read_bytes()
    with (FOLDER / "orders.csv").open(encoding="utf-8", newline="") as file:
        assert list(csv.DictReader(file, delimiter=";")) == list(orders())
    assert json.loads((FOLDER / "invoicing_data.json").read_text())["data"]["invoices"] == list(invoices())


def test_another_seed_makes_another_business() -> None:
    assert next(orders(1)) != next(orders(2))


def test_contacts_come_in_every_shape() -> None:
    shapes: Counter[str] = Counter()
    codes: set[type] = set()
    for order in orders():
        text = order["contact_data"]
        try:
            found = json.loads(text) if text else None
        except ValueError:
            shapes["torn"] += 1
            continue
        shapes[type(found).__name__] += 1
        for contact in found if isinstance(found, list) else [found] if found else []:
            codes.add(type(contact.get("cp")))

    assert shapes["torn"] == 1
    assert min(shapes["NoneType"], shapes["list"], shapes["dict"]) > 10
    assert codes == {str, int, type(None)}


def test_companies_have_several_ids_and_spellings_and_owners_letters_beyond_ascii() -> None:
    spellings: dict[str, set[str]] = {}
    owners: Counter[int] = Counter()
    for order in orders():
        spellings.setdefault(order["company_id"], set()).add(order["company_name"])
        owners[len(order["salesowners"].split(", "))] += 1

    assert {"Alder Orchards Co", "Alder Orchards c.o"} in spellings.values()
    assert {"Alder Orchards Ltd"} in spellings.values()
    assert set(owners) == {1, 2, 3, 4}
    assert any("ö" in order["salesowners"] for order in orders())


def test_days_end_with_the_last_and_one_order_is_invoiced_twice() -> None:
    days = [dt.datetime.strptime(order["date"], "%d.%m.%y").date() for order in orders()]
    invoiced = Counter(invoice["orderId"] for invoice in invoices())

    assert (min(days) >= FIRST_DAY, max(days)) == (True, LAST_DAY)
    assert sorted(invoiced.values())[-2:] == [1, 2]
    assert invoiced.keys() <= {order["order_id"] for order in orders()}


@pytest.mark.parametrize("name", ["orders.csv", "invoicing_data.json"])
def test_files_are_small(name: str) -> None:
    assert (FOLDER / name).stat().st_size < 100_000
