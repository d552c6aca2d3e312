"""Contacts as tables show them: their key, their name and their address.

Belongs here: what stands for what the source leaves out. Does not: reading contacts (`contacts.py`).
"""

from pyspark.sql import Column
from pyspark.sql import functions as sf

from fq_platform.contracts.ifco.shared import NO_CITY, NO_CONTACT_NAME, NO_POSTAL_CODE
from fq_platform.contracts.shared import UNKNOWN_ID

_FIRST, _SURNAME, _CITY, _CODE = "contact_first_name", "contact_surname", "contact_city", "contact_postal_code"
_BETWEEN = "\x1f"
"""No name has this character: it is noise."""


def contact_key() -> Column:
    """What tells contacts apart: a digest of name and city, whatever their case; `unknown` where there is neither."""
    parts = [sf.coalesce(sf.lower(name), sf.lit("")) for name in (_FIRST, _SURNAME, _CITY)]
    return sf.when(sf.coalesce(_FIRST, _SURNAME, _CITY).isNotNull(), sf.md5(sf.concat_ws(_BETWEEN, *parts))).otherwise(
        UNKNOWN_ID
    )


def full_name() -> Column:
    """First name and surname, or the one that there is."""
    name = sf.concat_ws(" ", _FIRST, _SURNAME)
    return sf.when(name == "", NO_CONTACT_NAME).otherwise(name)


def address() -> Column:
    """City and postal code."""
    return sf.concat_ws(", ", sf.coalesce(_CITY, sf.lit(NO_CITY)), sf.coalesce(_CODE, sf.lit(NO_POSTAL_CODE)))
