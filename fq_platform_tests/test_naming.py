"""Names of MongoDB become names that Iceberg, Spark and SQL can carry, and never the same one twice."""

import re

import pytest
from hypothesis import example, given
from hypothesis import strategies as st

from fq_platform.naming import denormalise, normalise

# Made of what the rule treats specially, so that near-collisions are found quickly.
TRICKY = st.text(st.sampled_from("_xX0149afgé\x04. "), max_size=9)


@pytest.mark.parametrize(
    ("name", "expected"),
    [
        ("order_date", "order_date"),
        ("Größe", "Gr_xf6__xdf_e"),
        ("a.b", "a_x2e_b"),
        ("a b", "a_x20_b"),
        ("\ufeffid", "_xfeff_id"),
        ("", "_x_"),
        ("1st", "_x31_st"),
        ("_fq_op", "_x5f_fq_op"),
        ("_FQ_op", "_x5f_FQ_op"),
        ("$set", "_x24_set"),
        ("_x41_", "_x5f_x41_"),
        ("_x_", "_x5f_x_"),
        ("_id", "_id"),
        ("🙂", "_x1f642_"),
        ("not\udcffutf8", "not_xdcff_utf8"),
    ],
)
def test_name_becomes_an_identifier(name: str, expected: str) -> None:
    assert normalise(name) == expected


@given(st.text() | TRICKY)
def test_result_is_an_identifier_outside_the_reserved_names(name: str) -> None:
    assert re.fullmatch(r"[A-Za-z_][A-Za-z0-9_]*", normalise(name))
    assert not normalise(name).lower().startswith("_fq_")


@given(st.text(st.characters(codec=None)) | st.binary().map(lambda raw: raw.decode(errors="surrogateescape")) | TRICKY)
@example("_x4é")
@example("\x04xe9_")
@example("\udc80_x4\udcff")
def test_name_can_be_told_from_the_result_so_that_no_two_names_meet(name: str) -> None:
    assert denormalise(normalise(name)) == name


@given(st.text(st.sampled_from("_xX0149afgé;."), max_size=9))
def test_column_that_no_name_gives_is_refused_and_others_come_back(column: str) -> None:
    try:
        name = denormalise(column)
    except ValueError:
        return
    assert normalise(name) == column


@pytest.mark.parametrize("column", ["", "a.b", "_x41_", "_x110000_", "1st", "_fq_op", "_xffffffffffff_"])
def test_column_that_no_name_gives_is_refused(column: str) -> None:
    with pytest.raises(ValueError, match="not a normalised name"):
        denormalise(column)


@given(TRICKY)
def test_normalising_twice_tells_names_from_already_normal_ones(name: str) -> None:
    if normalise(name) != name:
        assert normalise(normalise(name)) != normalise(name)
