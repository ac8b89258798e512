"""Is every spelling of null, true and false known? One that is missed would be written without quotes."""

from __future__ import annotations

import pytest

from opencode_workspace import scalars
from opencode_workspace.scalars import Scalar

BOTH: dict[Scalar, str] = {
    None: "~ null Null NULL",
    True: "true True TRUE",
    False: "false False FALSE",
}
HELM_ONLY: dict[Scalar, str] = {
    True: "y Y yes Yes YES on On ON",
    False: "n N no No NO off Off OFF",
}


@pytest.mark.parametrize("value", BOTH)
def test_each_spelling_means_the_same_to_helm_and_kustomize(value: Scalar) -> None:
    for text in BOTH[value].split():
        assert scalars.helm_reads(text) is value, text
        assert scalars.kustomize_reads(text) is value, text
        assert not scalars.is_plain_string(text), text


@pytest.mark.parametrize("value", HELM_ONLY)
def test_each_spelling_of_yaml_1_1_means_something_to_helm_alone(value: Scalar) -> None:
    for text in HELM_ONLY[value].split():
        assert scalars.helm_reads(text) is value, text
        assert scalars.kustomize_reads(text) == text
        assert not scalars.is_plain_string(text), text


def test_nothing_is_null() -> None:
    assert scalars.helm_reads("") is None
    assert scalars.kustomize_reads("") is None


@pytest.mark.parametrize(
    ("number", "kind"),
    [
        (-(2**63), int),
        (-(2**63) - 1, float),
        (2**64 - 1, int),
        (2**64, float),
    ],
)
def test_a_whole_number_that_go_has_no_integer_for_is_a_float(number: int, kind: type) -> None:
    value = scalars.helm_reads(str(number))
    assert (type(value), value) == (kind, kind(number))


@pytest.mark.parametrize("text", ["+9223372036854775808", "9223372036854775808.0"])
def test_what_is_too_large_with_a_sign_or_a_fraction_is_a_float(text: str) -> None:
    assert type(scalars.helm_reads(text)) is float


def test_a_whole_number_with_a_fraction_is_agreed_on_as_long_as_a_float_holds_every_integer() -> (
    None
):
    assert scalars.agreed("9007199254740991.0") == 2**53 - 1
    assert scalars.agreed(str(2**60)) == 2**60
    with pytest.raises(scalars.AmbiguousScalarError):
        scalars.agreed("9007199254740992.0")


def test_what_is_read_in_two_ways_is_no_plain_string() -> None:
    assert scalars.is_plain_string("12:30") is False


def test_what_only_pyyaml_reads_otherwise_is_deployed_as_helm_reads_it() -> None:
    assert scalars.deployed("12:30") == "12:30"
    assert scalars.deployed("0o17") == 15
    with pytest.raises(scalars.AmbiguousScalarError, match="unquoted on is text to kustomize"):
        scalars.deployed("on")
