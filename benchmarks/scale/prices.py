"""List prices, each with the page it is from and the day it was looked up.

Belongs here: money. Does not: how much is used (`model.py`).
"""

from dataclasses import dataclass, fields, replace
from decimal import Decimal

REGION = "us-east-1"
LOOKED_UP = "2026-11-23"


@dataclass(frozen=True)
class Price:
    """A price.

    Args:
        dollars: US dollars for one unit.
        unit: What is paid for.
        source: Where it stands.
        verified: Whether a public page was found that says so; else the reader should set it.
    """

    dollars: Decimal
    unit: str
    source: str
    verified: bool = True


@dataclass(frozen=True)
class Prices:
    """On demand, without discounts; reserved and spot capacity costs a third to nine tenths less."""

    ec2: Price = Price(
        Decimal("0.0408"),
        "EC2: vCPU-hour with 4 GB (m7g, Graviton)",
        "m7g.large 0.0816 an hour: aws.amazon.com/ec2/pricing/on-demand, quoted of June 2026",
    )
    fargate_cpu: Price = Price(
        Decimal("0.03238"),
        "Fargate: vCPU-hour (Linux, Arm)",
        "aws.amazon.com/fargate/pricing, quoted at vantage.sh/blog/fargate-pricing",
    )
    fargate_gb: Price = Price(Decimal("0.00356"), "Fargate: GB-hour (Linux, Arm)", "the same")
    emr_serverless_cpu: Price = Price(
        Decimal("0.052624"), "EMR Serverless: vCPU-hour (x86)", "aws.amazon.com/emr/pricing", verified=False
    )
    emr_serverless_gb: Price = Price(
        Decimal("0.0057785"), "EMR Serverless: GB-hour (x86)", "aws.amazon.com/emr/pricing", verified=False
    )
    glue: Price = Price(
        Decimal("0.44"), "Glue: DPU-hour (4 vCPU, 16 GB)", "aws.amazon.com/glue/pricing, the example of an ETL job"
    )
    s3_storage: Price = Price(
        Decimal("0.023"),
        "S3 Standard: GB-month, first 50 TB",
        "aws.amazon.com/s3/pricing, quoted of March 2026 at cloudburn.io/blog/amazon-s3-pricing",
    )
    s3_put: Price = Price(
        Decimal("0.000005"),
        "S3: PUT or LIST",
        "aws.amazon.com/s3/pricing, quoted at athena.guide/articles/athena-basics-pricing-model",
    )
    s3_get: Price = Price(Decimal("0.0000004"), "S3: GET", "the same")
    athena: Price = Price(
        Decimal(5), "Athena: TB that a query reads", "aws.amazon.com/athena/pricing, quoted at the same place"
    )


GB_A_CORE = 4
"""Memory that goes with a core, in every price of computing."""


def core_hour(prices: Prices, kind: str) -> Decimal:
    """The price of a core with 4 GB for an hour.

    Args:
        prices: List prices.
        kind: `ec2`, `fargate`, `emr_serverless` or `glue`.

    Returns:
        US dollars.
    """
    match kind:
        case "fargate":
            return prices.fargate_cpu.dollars + GB_A_CORE * prices.fargate_gb.dollars
        case "emr_serverless":
            return prices.emr_serverless_cpu.dollars + GB_A_CORE * prices.emr_serverless_gb.dollars
        case "glue":
            return prices.glue.dollars / 4
        case "ec2":
            return prices.ec2.dollars
    raise ValueError(f"no price of {kind}; known: ec2, fargate, emr_serverless, glue")


def with_core_price(prices: Prices, dollars: Decimal) -> Prices:
    """The prices, with another one for a core with 4 GB for an hour than EC2's."""
    return replace(prices, ec2=Price(dollars, "vCPU-hour, 4 GB", "`--core-price`"))


def named(prices: Prices) -> list[tuple[str, Price]]:
    """Every price by its name."""
    return [(price.name, getattr(prices, price.name)) for price in fields(prices)]
