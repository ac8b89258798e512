"""Small parts that many objects of the values share."""

from __future__ import annotations

from typing import Any

from hypothesis import strategies as st

from tests.property import texts

Strategy = st.SearchStrategy[Any]

RELEASE_NAME = "{{ .Release.Name }}"

booleans = st.booleans()
naturals = st.integers(0, 2**31 - 1)
positives = st.integers(1, 2**31 - 1)
ports = st.integers(1, 65535)
modes = st.integers(0, 0o777)
uids = st.integers(0, 2**31 - 1)

_LETTERS = "abcdefghijklmnopqrstuvwxyz"
_label = st.from_regex(r"[a-z0-9]([a-z0-9-]{0,20}[a-z0-9])?", fullmatch=True)
# Values that a person writes without quotes elsewhere, and YAML would take for something else.
_hostile_label = st.sampled_from(["yes", "1.10", "null", "0x1F", "1e3", "true", "12", "y", "0777"])
label_values = st.just("") | _label | _hostile_label
names = _label
hosts = st.lists(_label, min_size=1, max_size=4).map(".".join)
quantities = st.sampled_from([0, 1, 2**31, "0", "100m", "1Gi", "1.5", "250M"])
values = texts.printable_texts().map(texts.literal)


def maybe(required: dict[str, Strategy], **optional: Strategy) -> Strategy:
    """A map with the required keys and any of the others."""
    return st.fixed_dictionaries(required, optional=optional)


def keys(prefix: str = "example.com") -> Strategy:
    """Keys of labels and annotations."""
    return st.builds(
        f"{prefix}/{{}}".format,
        st.from_regex(r"[A-Za-z]([A-Za-z0-9_.-]{0,20}[a-z])?", fullmatch=True),
    )


labels: Strategy = st.dictionaries(keys(), label_values, max_size=2)
marks: Strategy = st.dictionaries(keys(), values, max_size=2)


def identifiers(count: int, least: int = 0) -> Strategy:
    """`least` to `count` identifiers of containers or volumes that are none of the chart's."""
    return st.lists(
        st.builds("x{}".format, st.from_regex(r"[a-z0-9-]{0,12}[a-z0-9]", fullmatch=True)),
        min_size=least,
        max_size=count,
        unique=True,
    )


def port_names(count: int, first: str) -> Strategy:
    """Up to `count` names of ports that begin with `first`, a letter."""
    return st.lists(
        st.builds(f"{first}{{}}".format, st.text(_LETTERS + "0123456789", max_size=12)),
        max_size=count,
        unique=True,
    )
