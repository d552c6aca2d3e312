"""The current state of a raw table in DuckDB: the table function `current`.

Belongs here: its SQL. Does not: the same in Spark (`lakehouse/current.py`), which explains the rule of what version
lives; a test holds the two together.
"""

# The versions are found among the key columns alone and then joined to their rows. Numbering whole rows costs 1.6 to
# 2.2 times the processor time, and 1.5 to 2.6 times the memory (1 to 8 million rows); collecting them with arg_max
# costs more still, and neither the columns nor the _id that a query asks for would reach the files.
CREATE_CURRENT = """
CREATE TEMP MACRO current(changelog, as_of := TIMESTAMPTZ 'infinity') AS TABLE
WITH _fq_newest AS (
    SELECT _id, _fq_op, _fq_window, _fq_extracted_at, _fq_hash
    FROM query_table(changelog)
    WHERE _fq_extracted_at <= as_of::TIMESTAMPTZ
    QUALIFY row_number() OVER (
        PARTITION BY _id, _fq_window ORDER BY _fq_extracted_at DESC, _fq_hash DESC NULLS LAST
    ) = 1
), _fq_live AS (
    FROM _fq_newest
    WHERE _fq_op <> 'delete'
    QUALIFY row_number() OVER (
        PARTITION BY _id ORDER BY _fq_extracted_at DESC, _fq_hash DESC NULLS LAST, _fq_window DESC NULLS LAST
    ) = 1
)
SELECT _fq_version.*
FROM query_table(changelog) AS _fq_version JOIN _fq_live ON (
    _fq_version._id = _fq_live._id
    AND _fq_version._fq_op = _fq_live._fq_op
    AND _fq_version._fq_extracted_at = _fq_live._fq_extracted_at
    AND _fq_version._fq_window IS NOT DISTINCT FROM _fq_live._fq_window
    AND _fq_version._fq_hash IS NOT DISTINCT FROM _fq_live._fq_hash
)
"""
