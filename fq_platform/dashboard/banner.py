"""The banner above each page: how fresh its tables are, and which checks failed.

Belongs here: what is said, and in which colour. Does not: finding it out (`freshness.py`).
"""

import datetime as dt
from collections.abc import Iterable, Sequence
from pathlib import Path

import streamlit as st

from fq_platform.dashboard.freshness import Age, Failure, Made, State, instance_home, read_state
from fq_platform.settings import Settings, get_settings

KEPT_SECONDS = 10
"""How long a state is kept before Dagster is asked again."""
_LISTED = 20


def show(tables: Sequence[str]) -> None:
    """Say how fresh tables are.

    Args:
        tables: Those that the page reads.
    """
    settings = get_settings()
    home = instance_home(settings)
    if home is None:
        st.info(
            "How fresh these figures are is not known here: there is no Dagster instance "
            f"in {settings.dagster_home}. `make dev` runs one.",
            icon=":material/help:",
        )
        return
    tell(_state(str(home), tuple(tables)), settings)


def tell(state: State, settings: Settings) -> None:
    """Show a state: blocking checks in red, what is late or warned in yellow, else in green."""
    errors = [failure for failure in state.failures if failure.is_error]
    warnings = [failure for failure in state.failures if not failure.is_error]
    too_old = [made for made in state.made if made.age is Age.TOO_OLD]
    late = [made for made in state.made if made.age is Age.LATE]
    said = f"{_as_of(state)}{_checks(errors, warnings)}{_link(settings)}"
    if errors or too_old:
        st.error(f"{_ages(too_old, late)}{said}", icon=":material/error:")
    elif warnings or late:
        st.warning(f"{_ages(too_old, late)}{said}", icon=":material/warning:")
    elif state.as_of is None:
        st.info(said, icon=":material/help:")
    else:
        st.success(said, icon=":material/check_circle:")
    if state.failures:
        with st.expander(_counted(len(state.failures), "failed check")):
            st.markdown(_list(state.failures, settings))


@st.cache_data(ttl=KEPT_SECONDS, show_spinner=False)
def _state(home: str, tables: tuple[str, ...]) -> State:
    return read_state(Path(home), tables, dt.datetime.now(dt.UTC))


def _as_of(state: State) -> str:
    if state.as_of is not None:
        return f"Fresh as of **{state.as_of:%Y-%m-%d %H:%M} UTC**."
    missing = [made.table for made in state.made if made.at is None]
    return f"Dagster has not materialised {_names(missing)} yet." if missing else "Dagster knows none of these tables."


def _ages(too_old: Sequence[Made], late: Sequence[Made]) -> str:
    parts = [
        f"{word}: {_names(made.table for made in which)}. "
        for word, which in (("Too old", too_old), ("Late", late))
        if which
    ]
    return "".join(parts)


def _checks(errors: Sequence[Failure], warnings: Sequence[Failure]) -> str:
    said = [
        *([f" **{_counted(len(errors), 'blocking check')} failed**."] if errors else ()),
        *([f" {_counted(len(warnings), 'check')} warned."] if warnings else ()),
    ]
    return "".join(said) or " All checks passed."


def _link(settings: Settings) -> str:
    return f" [Open Dagster]({settings.ui_url.rstrip('/')}/overview/activity)" if settings.ui_url else ""


def _list(failures: Sequence[Failure], settings: Settings) -> str:
    lines = [f"- {_kind(failure)} {_check(failure, settings)}, {failure.at:%Y-%m-%d %H:%M} UTC" for failure in failures]
    left = len(lines) - _LISTED
    return "\n".join([*lines[:_LISTED], *([f"- and {left} more"] if left > 0 else ())])


def _kind(failure: Failure) -> str:
    return ":red-badge[blocking]" if failure.is_error else ":orange-badge[warning]"


def _check(failure: Failure, settings: Settings) -> str:
    name = f"`{failure.check}` of `{failure.table}`"
    return f"[{name}]({settings.ui_url.rstrip('/')}{failure.path})" if settings.ui_url else name


def _names(tables: Iterable[str]) -> str:
    return ", ".join(f"`{table}`" for table in tables)


def _counted(count: int, what: str) -> str:
    return f"{count:,} {what}{'' if count == 1 else 's'}"
