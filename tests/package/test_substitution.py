"""Variables are substituted as Flux does it; the tables hold Flux's own answers."""

from __future__ import annotations

from typing import Any

import pytest

from opencode_workspace import substitution
from opencode_workspace.errors import UserError
from tests.package.fixtures.tables import table

EXPRESSIONS = table("expressions.yaml")
OBJECTS = table("substituted.yaml")
DEFINED = [case for case in EXPRESSIONS["cases"] if "out" in case]
BROKEN = [case for case in EXPRESSIONS["cases"] if "error" in case]
STRICT = [case for case in EXPRESSIONS["cases"] if "strict" in case]


def _id(case: dict[str, Any]) -> str:
    return repr(case.get("text") or case.get("data"))


def _object(case: dict[str, Any]) -> dict[str, Any]:
    metadata = {"name": "settings", **case.get("metadata", {})}
    return {"apiVersion": "v1", "kind": "ConfigMap", "metadata": metadata, "data": case["data"]}


@pytest.mark.parametrize("case", DEFINED, ids=_id)
def test_expression_gives_what_flux_makes_of_it(case: dict[str, Any]) -> None:
    result = substitution.substitute(case["text"], EXPRESSIONS["variables"], strict=False)
    assert result == case["out"]


@pytest.mark.parametrize("case", BROKEN, ids=_id)
def test_expression_that_flux_refuses_is_refused_in_its_words(case: dict[str, Any]) -> None:
    with pytest.raises(UserError) as refused:
        substitution.substitute(case["text"], EXPRESSIONS["variables"], strict=False)
    assert refused.value.what.endswith(f"variable substitution failed: {case['error']}")


@pytest.mark.parametrize("case", STRICT, ids=_id)
def test_undefined_variable_is_refused_when_strict(case: dict[str, Any]) -> None:
    with pytest.raises(UserError) as refused:
        substitution.substitute(case["text"], EXPRESSIONS["variables"], strict=True)
    # Flux names the first one alone.
    assert case["strict"] in refused.value.what


@pytest.mark.parametrize("case", [case for case in DEFINED if "strict" not in case], ids=_id)
def test_strictness_changes_nothing_for_defined_variables(case: dict[str, Any]) -> None:
    result = substitution.substitute(case["text"], EXPRESSIONS["variables"], strict=True)
    assert result == case["out"]


@pytest.mark.parametrize("case", OBJECTS["cases"], ids=_id)
def test_object_comes_out_as_flux_applies_it(case: dict[str, Any]) -> None:
    document = _object(case)
    if "error" in case:
        with pytest.raises(UserError, match=r"post build failed for 'ConfigMap\.v1"):
            substitution.apply(document, OBJECTS["variables"], strict=False)
    else:
        result = substitution.apply(document, OBJECTS["variables"], strict=False)
        assert result == {**document, "data": case["result"]}
    assert document == _object(case), "the input must not change"


@pytest.mark.parametrize("case", OBJECTS["cases"], ids=_id)
def test_object_is_refused_when_strict_only_where_flux_refuses_it(case: dict[str, Any]) -> None:
    document = _object(case)
    if "error" in case or "strict" in case:
        with pytest.raises(UserError):
            substitution.apply(document, OBJECTS["variables"], strict=True)
    else:
        result = substitution.apply(document, OBJECTS["variables"], strict=True)
        assert result["data"] == case["result"]


def test_every_undefined_variable_is_named_with_the_object_and_a_remedy() -> None:
    document = _object({"data": {"a": "${ONE}", "b": {"c": ["${TWO:=x}", "${THREE}"]}}})
    with pytest.raises(UserError) as refused:
        substitution.apply(document, {"OTHER": "x"}, strict=True)
    assert str(refused.value) == (
        "post build failed for 'ConfigMap.v1.[noGrp]/settings': envsubst error: variable "
        'substitution failed: variable not set (strict mode): "ONE", "THREE". '
        "Define it in postBuild, or give it a default: ${ONE:=value}"
    )


def test_nothing_happens_without_variables() -> None:
    document = _object({"data": {"key": "${MISSING:=default}"}})
    assert substitution.apply(document, {}, strict=True) == document


def test_defaults_apply_without_variables_on_request() -> None:
    document = _object({"data": {"key": "${MISSING:=default}"}})
    result = substitution.apply(document, {}, strict=True, always=True)
    assert result["data"] == {"key": "default"}


def test_quoted_number_comes_back_as_a_number() -> None:
    """kustomize drops the quotes: the trap this function is there to show."""
    document = _object({"data": {"port": "${PORT}"}})
    assert substitution.apply(document, {"PORT": "4096"}, strict=True)["data"] == {"port": 4096}


def test_names_are_found_wherever_flux_reads_them() -> None:
    text = "${A} $$ $${B} $C ${D:=${E}} ${F/${G}/h} ${#H} ${I^^}"
    assert substitution.names(text) == {"A", "D", "E", "F", "G", "H", "I"}


def test_names_of_a_broken_expression_cannot_be_told() -> None:
    with pytest.raises(UserError, match="missing closing brace"):
        substitution.names("${A")


@pytest.mark.parametrize("name", ["1A", "A-B", "", "Ä", "A\n"])
def test_variable_name_flux_does_not_accept_is_refused(name: str) -> None:
    with pytest.raises(UserError, match="var name is invalid, must match"):
        substitution.substitute("x", {name: "value"}, strict=False)


def test_variable_that_is_not_a_string_is_refused() -> None:
    values: dict[str, Any] = {"PORT": 4096}
    with pytest.raises(UserError, match="substitution variable PORT is not a string: 4096"):
        substitution.substitute("${PORT}", values, strict=False)


def test_result_that_is_no_yaml_names_the_object() -> None:
    document = _object({"data": {"key": "${COLON}"}})
    with pytest.raises(UserError) as refused:
        substitution.apply(document, {"COLON": "a: b"}, strict=True)
    assert "post build failed for 'ConfigMap.v1.[noGrp]/settings': is not YAML" in str(
        refused.value
    )
