"""The packaged IFCO files, made anew: orders.csv and invoicing_data.json of an invented business, the same each time.

Belongs here: the invented business, and every kind of dirt that real files have. Does not: reading files.
`python -m fq_platform.demo.ifco_sample` writes them.
"""

import csv
import datetime as dt
import io
import json
import random
import uuid
from collections.abc import Iterator
from pathlib import Path
from typing import Any, NamedTuple

from fq_platform.settings import PACKAGE

FOLDER = PACKAGE / "demo" / "ifco"
"""Where the packaged files lie (path)."""
SEED = 20260101
ORDERS, INVOICES = 330, 110
FIRST_DAY, LAST_DAY = dt.date(2024, 7, 1), dt.date(2026, 6, 30)
COLUMNS = ("order_id", "date", "company_id", "company_name", "crate_type", "contact_data", "salesowners")

_OWNERS = (
    ("Anneke Vos", 9),
    ("Bram Okafor", 8),
    ("Chiara Lindqvist", 7),
    ("Dmitri Alonso", 6),
    ("Ewa Nakamura", 5),
    ("Jürgen Weiß", 5),
    ("Zoë Márquez", 4),
    ("Tomáš Reid", 3),
    ("Ines Çelik", 2),
    ("Piet Söderholm", 2),
    ("Noor van der Berg", 1),
)
_CRATES = (("Plastic", 5), ("Wood", 3), ("Metal", 3))
_COMPANIES: tuple[tuple[str, ...], ...] = (
    # Each is one id in the source with all spellings that it occurs in; ids of one company follow each other.
    ("Alder Orchards Co", "Alder Orchards c.o"),
    ("Alder Orchards Ltd",),
    ("Bright Berries",),
    ("bright berries c.o.", "Bright Berries Co"),
    ("Cove Fishery",),
    ("Cove Fishery GmbH",),
    ("Harbour Fish Inc",),
    ("Fish Harbour Co",),
    ("Meadow Dairy Ltd", "Meadow  Dairy Ltd."),
    ("Root & Leaf Co",),
    ("Roots Inc",),
    ("Roots Unlimited",),
    ("Golden Grain Ltd",),
    ("Müller Obst GmbH", "MÜLLER OBST GMBH"),
    ("Sunny Citrus Inc", "Sunny Citrus, Inc."),
    ("Valley Greens Co",),
    ("Windmill Bakery Ltd",),
    ("Polar Prawns Inc",),
)
_CONTACTS = (
    ("Olga", "Fernández", "Málaga", "29001"),
    ("Henrik", "Dahl", "Århus", 8000),
    ("Mei", "Tanaka", "Frankfurt an der Oder", 15230),
    ("Samuel", "O'Neill", "Cork", None),
    ("Lucía", "Prat", "Sant Cugat del Vallès", "08172"),
    ("Kofi", "Asante", "Łódź", "90-001"),
    ("Ruth", "Adler", "Wien", 1010),
    ("Jan", "de Wit", "'s-Hertogenbosch", None),
)
_VAT = (("0", 3), ("7", 2), ("19", 5), ("21", 5), ("34", 1))


class _Company(NamedTuple):
    company_id: str
    spellings: tuple[str, ...]


def orders(seed: int = SEED) -> Iterator[dict[str, str]]:
    """The rows of orders.csv, as the text that they hold.

    Args:
        seed: The same seed makes the same rows.

    Yields:
        Column to text, in the order of `COLUMNS`; one row has JSON without its closing bracket.
    """
    chance = random.Random(f"{seed} orders")  # noqa: S311 - sample data, not a secret
    companies = [_Company(_id(chance), spellings) for spellings in _COMPANIES]
    days = (LAST_DAY - FIRST_DAY).days
    torn = ORDERS * 3 // 4
    for number in range(ORDERS):
        # The last order lies on the last day, so that "today" is known; the others come in no order.
        day = LAST_DAY if number == ORDERS - 1 else FIRST_DAY + dt.timedelta(days=chance.randrange(days))
        company = chance.choice(companies)
        contact = _contact(chance)
        if number == torn:
            contact = json.dumps([_fields(*_CONTACTS[3])], ensure_ascii=False)[:-1]
        yield dict(
            zip(
                COLUMNS,
                (
                    _id(chance),
                    day.strftime("%d.%m.%y"),
                    company.company_id,
                    chance.choice(company.spellings),
                    _weighted(chance, _CRATES),
                    contact,
                    ", ".join(_owners(chance)),
                ),
                strict=True,
            )
        )


def invoices(seed: int = SEED) -> Iterator[dict[str, str]]:
    """The objects of invoicing_data.json: gross amounts in cents and rates in percent, as text; one order has two.

    Args:
        seed: The same seed makes the same objects.

    Yields:
        Key to text.
    """
    chance = random.Random(f"{seed} invoices")  # noqa: S311 - sample data, not a secret
    invoiced = sorted(chance.sample(list(enumerate(orders(seed))), INVOICES - 1), key=lambda pair: pair[0])
    for position, (_, order) in enumerate(invoiced):
        invoice = {
            "id": _id(chance),
            "orderId": order["order_id"],
            "companyId": order["company_id"],
            "grossValue": str(chance.randrange(20_000, 600_000)),
            "vat": _weighted(chance, _VAT),
        }
        yield invoice
        if position == INVOICES // 2:
            yield invoice | {"id": _id(chance)}


def write(folder: Path = FOLDER, seed: int = SEED) -> None:
    """Write both files.

    Args:
        folder: Where to; it is made.
        seed: The same seed writes the same bytes.
    """
    folder.mkdir(parents=True, exist_ok=True)
    text = io.StringIO()
    writer = csv.DictWriter(text, COLUMNS, delimiter=";", lineterminator="\n")
    writer.writeheader()
    writer.writerows(orders(seed))
    (folder / "orders.csv").write_text(text.getvalue(), encoding="utf-8", newline="\n")
    content = json.dumps({"data": {"invoices": list(invoices(seed))}}, indent=1)
    (folder / "invoicing_data.json").write_text(content + "\n", encoding="utf-8", newline="\n")


def _id(chance: random.Random) -> str:
    return str(uuid.UUID(int=chance.getrandbits(128), version=4))


def _weighted(chance: random.Random, choices: tuple[tuple[str, int], ...]) -> str:
    values, weights = zip(*choices, strict=True)
    return str(chance.choices(values, weights)[0])


def _owners(chance: random.Random) -> list[str]:
    """One to four different owners, the first being who earns most of it."""
    names: list[str] = []
    wanted = chance.choice((1, 2, 2, 3, 3, 4))
    while len(names) < wanted:
        name = _weighted(chance, _OWNERS)
        if name not in names:
            names.append(name)
    return names


def _contact(chance: random.Random) -> str:
    """JSON in one of the shapes that real files have, or nothing."""
    shape = chance.random()
    if shape < 0.2:
        return ""
    fields = _fields(*chance.choice(_CONTACTS))
    content = fields if shape < 0.3 else [fields]
    return json.dumps(content, ensure_ascii=False)


def _fields(name: str, surname: str, city: str, code: str | int | None) -> dict[str, Any]:
    fields: dict[str, Any] = {"contact_name": name, "contact_surname": surname, "city": city}
    return fields if code is None else fields | {"cp": code}


if __name__ == "__main__":
    write()
