"""The documents that are replayed: nested orders of about 350 bytes, clean or with one in a hundred of mixed types.

Belongs here: what the documents look like, encoded once. Does not: how they are sent.
"""

import datetime as dt
from collections.abc import Iterator
from decimal import Decimal
from random import Random
from typing import Any

import bson
from bson import Decimal128, ObjectId
from bson.datetime_ms import DatetimeMS

TEMPLATE_DOCUMENTS = 65_536
"""How many different documents there are; from then on they come again with another `_id`, number and date."""
CUSTOMERS = 10_000
MIXED_EVERY = 100
"""One document in so many has a value of a type that its column cannot hold."""
ID_AT, NUMBER_AT, DATE_AT = 9, 31, 72
"""Where in each document the bytes of `_id`, `order_no` and `order_date` stand: nothing before them varies in size."""
DATE_FIELD = "order_date"
START = dt.datetime(2026, 1, 1, tzinfo=dt.UTC)
DAYS = 30
"""The days that a collection covers, evenly, whatever its size."""
_YEAR_12000 = DatetimeMS(316_538_000_000_000)


def order(number: int, random: Random) -> dict[str, Any]:
    """One clean document.

    Args:
        number: Its number; `_id`, `order_no` and `order_date` are replaced by the server.
        random: Where the other values come from.

    Returns:
        The document, as it is encoded.
    """
    return {
        "_id": ObjectId(bytes(12)),
        "order_no": number,
        "customer_id": ObjectId(random.randrange(CUSTOMERS).to_bytes(12, "big")),
        DATE_FIELD: START,
        "status": random.choice(["paid", "open", "cancelled"]),
        "total": Decimal128(Decimal(random.randrange(100_000)).scaleb(-2)),
        "currency": "EUR",
        "shipping": {"city": "Köln", "zip": "50667", "lines": ["a", "b"]},
        "items": [
            {"sku": f"S{random.randrange(1_000):05}", "qty": random.randrange(5), "price": random.random() * 100}
            for _ in range(random.randrange(1, 4))
        ],
        "note": None if number % 3 else "hello",
        "updated_at": START + dt.timedelta(days=1),
    }


def mixed(document: dict[str, Any], kind: int) -> dict[str, Any]:
    """Give a document one value of another type than its fellows have.

    Args:
        document: A clean document; changed.
        kind: Which of the mixes, by turns.

    Returns:
        The same document.
    """
    match kind % 5:
        case 0:
            document["items"][0]["price"] = "12,50 EUR"
        case 1:
            document["shipping"]["zip"] = 50_667
        case 2:
            document["status"] = {"code": "paid", "since": START}
        case 3:
            document["updated_at"] = _YEAR_12000
        case 4:
            document["total"] = "n/a"
    return document


def encoded(variant: str, count: int = TEMPLATE_DOCUMENTS, seed: int = 1) -> Iterator[bytes]:
    """The documents of a collection's template.

    Args:
        variant: `clean` or `mixed`.
        count: How many.
        seed: The same seed gives the same documents; both variants differ in the mixed ones only.

    Yields:
        BSON documents.
    """
    random = Random(seed)  # noqa: S311 - sample data, not secrets
    for number in range(count):
        document = order(number, random)
        if variant == "mixed" and number % MIXED_EVERY == MIXED_EVERY - 1:
            mixed(document, number // MIXED_EVERY)
        yield bson.encode(document)
