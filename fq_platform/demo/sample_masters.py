"""The customers and products of the sample business.

Belongs here: what a customer and a product are, and their documents. Does not: what is sold to whom.
"""

import datetime as dt
from dataclasses import dataclass, replace
from decimal import Decimal

from bson import ObjectId

from fq_platform.demo.sample_rules import DAY_MS, MILLISECOND, Document, dice, has, money, object_id, rounded

PRODUCTS = 120
CURRENCY_OF_COUNTRY = {"US": "USD", "GB": "GBP"}
"""The currency that a customer buys in, by country; EUR everywhere else."""

_PLACES = (  # country, city, postal code with # for a digit
    ("DE", "Berlin", "10###"),
    ("DE", "Dresden", "010##"),
    ("DE", "München", "80###"),
    ("DE", "Hamburg", "20###"),
    ("DE", "Köln", "50###"),
    ("AT", "Wien", "1##0"),
    ("FR", "Lyon", "6900#"),
    ("FR", "Orléans", "4500#"),
    ("NL", "Utrecht", "35## AB"),
    ("IT", "Milano", "201##"),
    ("ES", "Málaga", "290##"),
    ("PL", "Kraków", "30-0##"),
    ("GB", "Leeds", "LS# #JT"),
    ("US", "Boston", "021##"),
    ("US", "Austin", "787##"),
)
_STREETS = ("Lindenweg", "Hauptstraße", "Rue de la Paix", "Via Roma", "Station Road", "Calle Mayor", "Am Markt")
_FIRST_NAMES = ("Anna", "Björn", "Chloé", "Dmitri", "Elif", "Łukasz", "Mei", "Noah", "Søren", "Zoë")
_LAST_NAMES = ("Müller", "O'Brien", "García", "Nowak", "Rossi", "Lefèvre", "Jansen", "Öztürk", "Schmidt", "Smith", "Wu")
_TRADES = ("Bakery", "Consulting", "Elektro", "Foods", "Garden", "Logistics", "Medical", "Print")
_FORMS = ("GmbH", "AG", "& Sons", "Ltd", "S.A.", "e. K.")
_CATEGORIES = (  # category, VAT in percent, lowest and highest price in cents, things
    ("Books", "7.00", 699, 8_999, ("Atlas", "Cookbook", "Novel", "Dictionary", "Manual")),
    ("Electronics", "19.00", 1_499, 149_900, ("Headset", "Monitor", "Keyboard", "Router", "Camera")),
    ("Furniture", "19.00", 4_900, 129_900, ("Desk", "Chair", "Shelf", "Lamp", "Cabinet")),
    ("Groceries", "7.00", 149, 3_999, ("Coffee", "Olive oil", "Honey", "Tea", "Pasta")),
    ("Office", "19.00", 99, 7_990, ("Notebook", "Stapler", "Pen set", "Folder", "Paper")),
    ("Tools", "19.00", 399, 39_900, ("Drill", "Hammer", "Saw", "Wrench", "Ladder")),
)
_VARIANTS = ("Basic", "Classic", "Plus", "Pro")
_TAGS = ("new", "eco", "sale", "fragile", "bulky", "gift")


@dataclass(frozen=True)
class Address:
    """A postal address; the postal code is text, but an int where somebody was careless."""

    street: str
    postal_code: str
    city: str
    country: str
    postal_code_as_int: bool = False

    def document(self) -> Document:
        """The embedded document."""
        careless = self.postal_code_as_int and self.postal_code.isdigit()
        return {
            "street": self.street,
            "postal_code": int(self.postal_code) if careless else self.postal_code,
            "city": self.city,
            "country": self.country,
        }


@dataclass(frozen=True)
class Customer:
    """A customer, as far as sales need one."""

    id: ObjectId
    is_business: bool
    address: Address
    currency: str
    payment_terms_days: int


@dataclass(frozen=True)
class Product:
    """A product, as far as sales need one; price in EUR, VAT in percent."""

    id: ObjectId
    sku: str
    name: str
    price: Decimal
    vat_rate: Decimal


def customer(seed: int, index: int, before: dt.datetime) -> tuple[Customer, Document]:
    """Make one customer.

    Args:
        seed: The seed of the data set.
        index: Zero-based number of the customer.
        before: When the business opens; the customer was created and last changed before that.

    Returns:
        The customer and its document.
    """
    roll = dice(seed, "customers", index)
    country, city, pattern = roll.choice(_PLACES)
    postal_code = "".join(str(roll.randrange(1, 10)) if sign == "#" else sign for sign in pattern)
    address = Address(f"{roll.choice(_STREETS)} {roll.randrange(1, 200)}", postal_code, city, country)
    is_business = roll.randrange(5) < 2
    last_name = roll.choice(_LAST_NAMES)
    created = before - MILLISECOND * roll.randrange(30 * DAY_MS, 900 * DAY_MS)
    made = Customer(
        id=object_id(seed, "customers", created, index),
        is_business=is_business,
        address=address,
        currency=CURRENCY_OF_COUNTRY.get(country, "EUR"),
        payment_terms_days=roll.choice((14, 30, 30, 60)) if is_business else roll.choice((7, 14)),
    )
    trade, form, first_name = roll.choice(_TRADES), roll.choice(_FORMS), roll.choice(_FIRST_NAMES)
    document: Document = {
        "_id": made.id,
        "customer_number": f"C-{index + 1:05d}",
        "name": f"{last_name} {trade} {form}" if is_business else f"{first_name} {last_name}",
        "email": f"customer.{index + 1}@example.com",
        "phone": f"+49 30 {roll.randrange(1_000_000, 9_999_999)}",
        "kind": "business" if is_business else "consumer",
        "vat_id": f"{country}{roll.randrange(100_000_000, 999_999_999)}",
        "address": replace(address, postal_code_as_int=has("customer with postal code as int", seed, index)).document(),
        "payment_terms_days": made.payment_terms_days,
        "credit_limit": money(rounded(Decimal(roll.randrange(5, 500) * 100))),
        "created_at": created,
        "updated_at": created + MILLISECOND * roll.randrange(29 * DAY_MS),
    }
    _make_customer_irregular(document, seed, index)
    return made, document


def _make_customer_irregular(document: Document, seed: int, index: int) -> None:
    if document["kind"] == "consumer":
        del document["vat_id"]
    if has("customer without email", seed, index):
        del document["email"]
    if has("customer without phone", seed, index):
        del document["phone"]
    elif has("customer with null phone", seed, index):
        document["phone"] = None
    if has("customer with payment terms as double", seed, index):
        document["payment_terms_days"] = float(document["payment_terms_days"])
    if has("customer without credit limit", seed, index):
        document["credit_limit"] = None


def product(seed: int, index: int, before: dt.datetime) -> tuple[Product, Document]:
    """Make one product.

    Args:
        seed: The seed of the data set.
        index: Zero-based number of the product, below `PRODUCTS`.
        before: When the business opens; the product was created and last changed before that.

    Returns:
        The product and its document.
    """
    roll = dice(seed, "products", index)
    category, vat_rate, lowest, highest, things = _CATEGORIES[index % len(_CATEGORIES)]
    number = index // len(_CATEGORIES)
    created = before - MILLISECOND * roll.randrange(30 * DAY_MS, 900 * DAY_MS)
    made = Product(
        id=object_id(seed, "products", created, index),
        sku=f"SKU-{index + 1:04d}",
        name=f"{things[number % len(things)]} {_VARIANTS[number // len(things)]}",
        price=rounded(Decimal(roll.randrange(lowest, highest)) / 100),
        vat_rate=Decimal(vat_rate),
    )
    grams = roll.randrange(50, 30_000)
    document: Document = {
        "_id": made.id,
        "sku": made.sku,
        "name": made.name,
        "category": category,
        "unit_price": str(made.price) if has("product with price as string", seed, index) else money(made.price),
        "currency": "EUR",
        "vat_rate": money(made.vat_rate),
        # An int in one document and a double in the next, as JavaScript clients write them.
        "weight_kg": 1 + grams // 1_000 if index % 2 == 0 else grams / 1_000,
        "tags": [] if has("product without tags", seed, index) else roll.sample(_TAGS, roll.randrange(1, 4)),
        "discontinued": roll.randrange(20) == 0,
        "created_at": created,
        "updated_at": created + MILLISECOND * roll.randrange(29 * DAY_MS),
    }
    if has("product without discontinued", seed, index):
        del document["discontinued"]
    return made, document
