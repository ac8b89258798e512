"""Parses and evaluates `${...}` expressions as fluxcd/pkg/envsubst 1.7 does.

The grammar is bash's parameter expansion with the peculiarities of that library, which the
comments name, because a manifest that depends on one must give the same result here.
"""

from __future__ import annotations

import re
import unicodedata
from collections.abc import Callable, Iterator, Mapping
from functools import lru_cache

from opencode_workspace.globs import longest_prefix, shortest_prefix

# A parsed template: literal text, or (operator, variable, arguments), each argument a template.
Expression = tuple[str, str, tuple["Template", ...]]
Template = tuple["str | Expression", ...]

_SPECIAL = re.compile(r"\$\$|\$\{")
_DEFAULTS = frozenset(("-", "+", "=", "?", ":-", ":+", ":=", ":?"))


class SubstitutionError(ValueError):
    """An expression that Flux refuses; the message is Flux's own."""


@lru_cache(maxsize=4096)
def parse(text: str) -> Template:
    """Template for `text`. Raises SubstitutionError for an expression Flux cannot parse."""
    return _Parser(text.partition("\0")[0]).template()


def variables(template: Template) -> Iterator[tuple[str, bool]]:
    """Variables the template reads, with whether they may be undefined, in reading order."""
    for part in template:
        if not isinstance(part, str):
            operator, name, arguments = part
            for argument in arguments:
                yield from variables(argument)
            yield name, operator in _DEFAULTS


def evaluate(template: Template, values: Mapping[str, str]) -> str:
    """Text of the template; an undefined variable is empty. Slices and patterns go by UTF-8 byte.

    Raises SubstitutionError when one cuts a character in two, which gives Flux invalid text.
    """
    return "".join(part if isinstance(part, str) else _expand(part, values) for part in template)


def _expand(expression: Expression, values: Mapping[str, str]) -> str:
    operator, name, arguments = expression
    value = values.get(name, "")
    return _FUNCTIONS.get(operator, _default)(value, [evaluate(a, values) for a in arguments])


class _Parser:
    """Recursive descent over the text; `self._at` is the next character to read."""

    def __init__(self, text: str) -> None:
        self._text = text
        self._at = 0

    def template(self) -> Template:
        parts: list[str | Expression] = []
        text = self._text
        while True:
            found = _SPECIAL.search(text, self._at)
            if found is None:
                parts.append(text[self._at :])
                return tuple(parts)
            parts.append(text[self._at : found.start()])
            self._at = found.end()
            if found[0] == "$$":
                # The second dollar is taken with the first: `$${x}` is the text `${x}`.
                parts.append("$")
            else:
                parts.append(self._expression())

    def _peek(self) -> str:
        return self._text[self._at : self._at + 1]

    def _expression(self) -> Expression:
        """Everything after `${`, through the closing brace."""
        if self._peek() == "#":
            self._at += 1
            name = self._name("bad substitution")
            self._close()
            return ("length", name, ())
        name = self._name("unable to parse variable name")
        start = self._peek()
        if start == "}":
            self._at += 1
            return ("", name, ())
        if start == ":":
            return self._default_or_slice(name)
        if start == "=":
            self._at += 1
            return ("=", name, self._defaults())
        if start and start in ",^":
            operator = self._operator(",^")
            self._close()
            return (operator, name, ())
        if start and start in "#%":
            operator = self._operator(start)
            argument = self._argument(stops="}")
            self._close()
            return (operator, name, (argument,))
        if start == "/":
            return self._replacement(name)
        raise SubstitutionError("missing closing brace")

    def _name(self, problem: str) -> str:
        start = self._at
        while _is_identifier(self._peek()):
            self._at += 1
        if start == self._at:
            raise SubstitutionError(problem)
        return self._text[start : self._at]

    def _operator(self, characters: str) -> str:
        """One or two of `characters`; they may be mixed."""
        start = self._at
        while self._at < start + 2 and self._peek() and self._peek() in characters:
            self._at += 1
        return self._text[start : self._at]

    def _close(self) -> None:
        if self._peek() != "}":
            raise SubstitutionError("bad substitution")
        self._at += 1

    def _argument(self, stops: str, *, escapes: bool = False) -> Template:
        """Either one nested expression or text up to a stop or a nested expression, not both."""
        if self._text.startswith("${", self._at):
            self._at += 2
            return (self._expression(),)
        characters: list[str] = []
        while (character := self._peek()) and not self._text.startswith("${", self._at):
            if escapes and self._text[self._at : self._at + 2] in ("$$", "\\/", "\\\\"):
                self._at += 1
                character = self._peek()
            elif character in stops:
                break
            characters.append(character)
            self._at += 1
        if not characters:
            raise SubstitutionError("unable to parse substitution within function")
        return ("".join(characters),)

    def _default_or_slice(self, name: str) -> Expression:
        self._at += 1
        following = self._peek()
        if following and following in "=-?+":
            self._at += 1
            return (":" + following, name, self._defaults())
        if not following.isascii() or not following:
            raise SubstitutionError("bad substitution")
        offset = self._argument(stops=":}")
        if self._peek() == "}":
            self._at += 1
            return (":", name, (offset,))
        if self._peek() != ":":
            raise SubstitutionError("bad substitution")
        while self._peek() == ":":
            self._at += 1
        length = self._argument(stops="}")
        self._close()
        return (":", name, (offset, length))

    def _defaults(self) -> tuple[Template, ...]:
        arguments: list[Template] = []
        while self._peek() != "}":
            arguments.append(self._argument(stops="}"))
        self._at += 1
        return tuple(arguments)

    def _replacement(self, name: str) -> Expression:
        self._at += 1
        operator = "/"
        if self._peek() and self._peek() in "/#%":
            operator += self._peek()
            self._at += 1
        # The pattern reads on past a closing brace, to the next slash in the text.
        pattern = self._argument(stops="/", escapes=True)
        if self._peek() != "/":
            raise SubstitutionError("bad substitution")
        while self._peek() == "/":
            self._at += 1
        if self._peek() == "}":
            self._at += 1
            return (operator, name, (pattern,))
        replacement = self._argument(stops="}", escapes=True)
        self._close()
        return (operator, name, (pattern, replacement))


def _is_identifier(character: str) -> bool:
    if character.isascii():
        return character.isalnum() or character == "_"
    return unicodedata.category(character) in ("Lu", "Ll", "Lt", "Lm", "Lo", "Nd")


def _default(value: str, arguments: list[str]) -> str:
    # `:+`, `:?` and their short forms are parsed, but behave as `:-` does.
    return value or "".join(arguments)


def _length(value: str, _: list[str]) -> str:
    return str(len(value.encode("utf-8")))


def _slice(value: str, arguments: list[str]) -> str:
    data = value.encode("utf-8")
    numbers = [_whole_number(argument) for argument in arguments]
    start = numbers[0]
    if start is None:
        return value
    if start < 0:
        start = max(len(data) + start, 0)
    if len(numbers) == 1:
        return _text(data[start:])
    length = numbers[1]
    if length is None:
        return value
    end = start + length if length >= 0 else len(data) + length
    return _text(data[start : max(end, start)])


def _whole_number(text: str) -> int | None:
    if not re.fullmatch(r"[-+]?[0-9]+", text):
        return None
    number = int(text) if len(text) < 21 else 2**63
    return number if -(2**63) <= number < 2**63 else None


def _text(data: bytes) -> str:
    try:
        return data.decode()
    except UnicodeDecodeError:
        raise SubstitutionError("a slice or pattern cuts a character in two") from None


def _changed(character: str, *forms: str) -> str:
    """The first form that is one character, as Go maps case one character to one."""
    return next((form for form in forms if len(form) == 1), character)


def _upper(value: str) -> str:
    return "".join(_changed(c, c.upper(), c.title()) for c in value)


def _lower(value: str) -> str:
    return "".join(_changed(c, c.lower(), c.lower()[:1]) for c in value)


def _replace(value: str, arguments: list[str], count: int) -> str:
    return value.replace(arguments[0], arguments[1] if len(arguments) > 1 else "", count)


def _replace_prefix(value: str, arguments: list[str]) -> str:
    if len(arguments) == 2 and value.startswith(arguments[0]):
        return arguments[1] + value[len(arguments[0]) :]
    return value


def _replace_suffix(value: str, arguments: list[str]) -> str:
    if len(arguments) == 2 and value.endswith(arguments[0]):
        return value[: len(value) - len(arguments[0])] + arguments[1]
    return value


def _trim(value: str, pattern: str, prefix: Callable[[bytes, str], int]) -> str:
    data = value.encode("utf-8")
    return _text(data[prefix(data, pattern) :])


def _trim_suffix(value: str, pattern: str, prefix: Callable[[bytes, str], int]) -> str:
    # The library matches the reversed pattern against the reversed value, so a character class
    # or an escape in a suffix pattern is malformed and trims nothing.
    return _trim(value[::-1], pattern[::-1], prefix)[::-1]


_FUNCTIONS: Mapping[str, Callable[[str, list[str]], str]] = {
    "length": _length,
    ":": _slice,
    ",": lambda value, _: _lower(value[:1]) + value[1:],
    ",,": lambda value, _: _lower(value),
    "^": lambda value, _: _upper(value[:1]) + value[1:],
    "^^": lambda value, _: _upper(value),
    "/": lambda value, arguments: _replace(value, arguments, 1),
    "//": lambda value, arguments: _replace(value, arguments, -1),
    "/#": _replace_prefix,
    "/%": _replace_suffix,
    "#": lambda value, arguments: _trim(value, arguments[0], shortest_prefix),
    "##": lambda value, arguments: _trim(value, arguments[0], longest_prefix),
    "%": lambda value, arguments: _trim_suffix(value, arguments[0], shortest_prefix),
    "%%": lambda value, arguments: _trim_suffix(value, arguments[0], longest_prefix),
}
