"""Which company_ids mean the same company: the rule of the decision record on merging companies.

Belongs here: when two names are the same name, and what follows from it for ids. Does not: which id and which spelling
stand for the merged company (`dim_company.py`).
"""

from pyspark.sql import Column, DataFrame
from pyspark.sql import functions as sf

_LEGAL_FORM = (
    "co|company|inc|incorporated|corp|corporation|ltd|limited|llc|llp|plc|pty|"
    "gmbh|mbh|ag|kg|kgaa|ohg|gbr|sa|sas|sarl|sl|slu|srl|bv|nv|oy|aps|c o|s l|s a"
)
"""Words at the end of a name that say how a company is registered. Those that are also plain words are not in here."""
_FORMS_AT_THE_END = rf"(?: (?:{_LEGAL_FORM}))+$"
_NEITHER_LETTER_NOR_DIGIT = r"[^\p{L}\p{M}\p{N}]+"


def same_name(name: Column) -> Column:
    """What two names have in common if they mean the same company: no case, no punctuation, no legal form at the end.

    Args:
        name: A STRING column.

    Returns:
        `fresh fruits` for `Fresh Fruits c.o.`; a name that is a legal form and nothing else stays; null if nothing is
        left.
    """
    without_dots = sf.regexp_replace(sf.lower(name), r"[.'\x{2019}]", "")
    words = sf.trim(sf.regexp_replace(without_dots, _NEITHER_LETTER_NOR_DIGIT, " "))
    return sf.nullif(sf.regexp_replace(words, _FORMS_AT_THE_END, ""), sf.lit(""))


def merged(named: DataFrame) -> DataFrame:
    """The ids of each company that has several: ids share a company if a chain of names that they share links them.

    Args:
        named: Columns `company_id` and `name` (as `same_name` gives it), neither null; rows may repeat.

    Returns:
        One row of one column `company_ids`, an ARRAY<ARRAY<STRING>>: each inner array holds all ids of one company. Ids
        that share no name are not in there.
    """
    sharing = named.groupBy("name").agg(sf.collect_set("company_id").alias("ids")).where(sf.size("ids") > 1)
    return sharing.agg(_united(sf.collect_list("ids")).alias("company_ids"))


def _united(groups: Column) -> Column:
    """The groups that are left once all that have an element in common are united, whatever the order.

    One pass is enough. What has been united so far never overlaps; each further group is united with all of it that it
    overlaps, so nothing overlaps again.
    """
    nothing = sf.array().cast("array<array<string>>")

    def with_one_more(united: Column, group: Column) -> Column:
        apart = sf.filter(united, lambda other: ~sf.arrays_overlap(other, group))
        touched = sf.filter(united, lambda other: sf.arrays_overlap(other, group))
        whole = sf.array_distinct(sf.flatten(sf.concat(touched, sf.array(group))))
        return sf.concat(apart, sf.array(whole))

    return sf.aggregate(groups, nothing, with_one_more)
