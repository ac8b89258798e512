"""Is the text of a Secret's template read as Go reads it?"""

from __future__ import annotations

import pytest

from opencode_workspace.rules.templates import broken_action, filled, uses


@pytest.mark.parametrize(
    "text",
    [
        *("{{ .A }", "{{ .A }{{ .B }}", "{{", '{{ "A }}', "{{ {A} }}", "{{/* }}"),
    ],
)
def test_an_action_that_is_not_closed_is_found(text: str) -> None:
    assert broken_action(f"a {text}") == text


@pytest.mark.parametrize(
    "text",
    [
        *("{{ .A }}}", "} {", "{{/* } */}}", "{{- /* a */ -}}", '{{ printf "}}" }}', "{{ `{{` }}"),
        *("{{ '}' }}", "{{\n.A\n}}", '{{ "\\"}" }}', '{"a": "{{ .A }}"}'),
    ],
)
def test_an_action_that_is_closed_is_not(text: str) -> None:
    assert broken_action(text) == ""


@pytest.mark.parametrize(
    ("text", "fields", "looked_up", "has_all"),
    [
        ("{{ .A }}/{{- .B | trim -}}", ("A", "B"), (), False),
        ("{{ (.A | fromJson).user }}", ("A",), (), False),
        ('{{ .A | replace ".com" ".org" }}', ("A",), (), False),
        ("{{ with .A | fromJson }}{{ .user }}{{ end }}", (), (), False),
        ('{{ index . "A" }}', (), ("A",), False),
        ('{{ index . "A" | default "b" }}', (), (), False),
        ("{{ . | toJson }}", (), (), True),
        ("{{ range $k, $v := $ }}{{ $k }}{{ end }}", (), (), True),
        ("s3:https://s3.example.org/a", (), (), False),
    ],
)
def test_what_a_text_uses(
    text: str, fields: tuple[str, ...], looked_up: tuple[str, ...], has_all: bool
) -> None:
    found = uses(text)
    assert (found.fields, found.looked_up, found.has_all) == (fields, looked_up, has_all)


def test_names_are_words() -> None:
    assert {"A", "b-c.d"} <= uses('{{ $.A }}{{ index . "b-c.d" }}').words


def test_only_actions_are_filled() -> None:
    assert filled("{{ .A }}/{{ .B }}/x.A", {"A": "key"}) == "{{ key }}/{{ .B }}/x.A"
