"""Mutation operators of Python modules, and how a mutant gets into modules that are loaded already."""

from __future__ import annotations

import ast
import functools
import sys
import types
from collections.abc import Iterator
from typing import Any

from tests.mutation.mutant import Change

_COMPARISONS: dict[type[ast.cmpop], tuple[str, str]] = {
    ast.Eq: ("==", "!="),
    ast.NotEq: ("!=", "=="),
    ast.Lt: ("<", "<="),
    ast.LtE: ("<=", "<"),
    ast.Gt: (">", ">="),
    ast.GtE: (">=", ">"),
    ast.In: ("in", "not in"),
    ast.NotIn: ("not in", "in"),
    ast.Is: ("is", "is not"),
    ast.IsNot: ("is not", "is"),
}
_ARITHMETIC: dict[type[ast.operator], tuple[str, str]] = {
    ast.Add: ("+", "-"),
    ast.Sub: ("-", "+"),
    ast.Mod: ("%", "*"),
}
# Words from which on a text is taken for one that is for people, too.
_SENTENCE = 3
_DROPPED = (ast.Expr, ast.AugAssign, ast.Raise, ast.Continue, ast.Break)
# What says something to a person, in words of which a test would be a copy. That it is said, and
# with which code, is mutated.
_SAYS = ("UserError", "UserErrors", "TypeError", "mistake", "PermissionError")


def changes(text: str) -> Iterator[Change]:
    """Every change of a module that this project tries; see the operators' names."""
    tree = ast.parse(text)
    places = _Places(text)
    wording = _wording(tree)
    for node in ast.walk(tree):
        if node not in wording:
            yield from _of_expressions(node, places)
            yield from _of_statements(node, places)
            if isinstance(node, ast.Constant):
                yield from _of_constants(node, places)


def _wording(tree: ast.Module) -> set[ast.AST]:
    """Nodes that are not mutated: docstrings, annotations, imports, `__all__`, messages."""
    skipped: list[ast.AST | None] = []
    for node in ast.walk(tree):
        documents = isinstance(node, ast.Expr) and isinstance(node.value, ast.Constant)
        if documents or isinstance(node, ast.Import | ast.ImportFrom):
            skipped.append(node)
        elif isinstance(node, ast.AnnAssign | ast.arg):
            skipped.append(node.annotation)
        elif isinstance(node, ast.FunctionDef):
            skipped += [node.returns, *node.decorator_list]
        elif isinstance(node, ast.ClassDef):
            skipped += node.decorator_list
        elif isinstance(node, ast.Call) and _name(node.func) in _SAYS:
            skipped += [part for part in (*node.args, *node.keywords) if _is_text(part)]
        elif _is_text(node) and _words(node) > _SENTENCE:
            skipped.append(node)
    return {part for node in skipped if node is not None for part in ast.walk(node)}


def _is_text(node: ast.AST) -> bool:
    value = node.value if isinstance(node, ast.keyword) else node
    texts = isinstance(value, ast.Constant) and isinstance(value.value, str)
    return texts or isinstance(value, ast.JoinedStr)


def _words(node: ast.AST) -> int:
    texts = (part.value for part in ast.walk(node) if isinstance(part, ast.Constant))
    return sum(len(text.split()) for text in texts if isinstance(text, str))


def _name(node: ast.AST) -> str:
    return node.id if isinstance(node, ast.Name) else getattr(node, "attr", "")


class _Places:
    """Offsets in characters of what ast gives in lines and bytes."""

    def __init__(self, text: str) -> None:
        self.text = text
        self._lines = text.splitlines(keepends=True)
        self._starts = [0]
        for line in self._lines:
            self._starts.append(self._starts[-1] + len(line))

    def of(self, node: Any) -> tuple[int, int]:
        return (
            self._at(node.lineno, node.col_offset),
            self._at(node.end_lineno, node.end_col_offset),
        )

    def source(self, node: ast.AST) -> str:
        start, end = self.of(node)
        return self.text[start:end]

    def between(self, left: ast.AST, right: ast.AST, word: str) -> tuple[int, int]:
        """Where `word` stands between two nodes."""
        start = self.text.index(word, self.of(left)[1], self.of(right)[0])
        return start, start + len(word)

    def _at(self, line: int, column: int) -> int:
        data = self._lines[line - 1].encode()[:column]
        return self._starts[line - 1] + len(data.decode())


def _of_expressions(node: ast.AST, places: _Places) -> Iterator[Change]:
    if isinstance(node, ast.Compare):
        for left, operator, right in zip(
            (node.left, *node.comparators), node.ops, node.comparators, strict=False
        ):
            old, new = _COMPARISONS[type(operator)]
            yield Change(f"{old} to {new}", *places.between(left, right, old), new)
    elif isinstance(node, ast.BoolOp):
        old, new = ("and", "or") if isinstance(node.op, ast.And) else ("or", "and")
        for left, right in zip(node.values, node.values[1:], strict=False):
            yield Change(f"{old} to {new}", *places.between(left, right, old), new)
    elif isinstance(node, ast.BinOp) and type(node.op) in _ARITHMETIC:
        old, new = _ARITHMETIC[type(node.op)]
        yield Change(f"{old} to {new}", *places.between(node.left, node.right, old), new)
    elif isinstance(node, ast.UnaryOp) and isinstance(node.op, ast.Not):
        start, _ = places.of(node)
        yield Change("drop not", start, start + len("not "), "")
    elif isinstance(node, ast.IfExp | ast.If | ast.While):
        start, end = places.of(node.test)
        yield Change("negate condition", start, end, f"(not ({places.text[start:end]}))")
    elif isinstance(node, ast.Call):
        yield from _of_arguments(node, places)
    for generator in getattr(node, "generators", ()):
        for condition in generator.ifs:
            start, end = places.of(condition)
            yield Change("drop filter", start, end, "True")


def _of_arguments(node: ast.Call, places: _Places) -> Iterator[Change]:
    """Drops each keyword argument, and the default of `get`; other calls would only be wrong."""
    default = node.args[1:] if _name(node.func) == "get" else []
    for argument in (*node.keywords, *default):
        start, end = places.of(argument)
        if places.text[end] == ",":
            end += 1
        else:
            before = places.text.rfind(",", places.of(node.func)[1], start)
            start = before if before >= 0 else start
        yield Change("drop argument", start, end, "")


def _of_statements(node: ast.AST, places: _Places) -> Iterator[Change]:
    if isinstance(node, ast.Return) and node.value and places.source(node.value) != "None":
        yield Change("return None", *places.of(node.value), "None")
    elif isinstance(node, _DROPPED) or (
        isinstance(node, ast.Assign) and isinstance(node.targets[0], ast.Attribute | ast.Subscript)
    ):
        yield Change("drop statement", *places.of(node), "pass")


def _of_constants(node: ast.Constant, places: _Places) -> Iterator[Change]:
    start, end = places.of(node)
    if node.value is True or node.value is False:
        yield Change("change constant", start, end, str(not node.value))
    elif isinstance(node.value, int):
        yield Change("change constant", start, end, str(node.value + 1))
    elif isinstance(node.value, str) and places.text[end - 1 : end] in ('"', "'"):
        yield Change("change constant", end - 1, end - 1, "x")


def patch(name: str, source: str) -> None:
    """Makes the loaded module `name` behave as if `source` had been its text.

    Functions keep their identity and get other code, because other modules hold them by name;
    other values are replaced wherever a module of the same package holds them under that name. What
    was kept of earlier calls, by any function of the package, is forgotten.
    What a class statement decides once, such as a dataclass's fields, stays as it was.
    """
    module = sys.modules[name]
    fresh = types.ModuleType(name)
    fresh.__dict__.update(__file__=module.__file__, __package__=module.__package__)
    # A dataclass looks its own module up while it is made.
    sys.modules[name] = fresh
    try:
        exec(compile(source, str(module.__file__), "exec"), fresh.__dict__)
    finally:
        sys.modules[name] = module
    for key, new in vars(fresh).items():
        old = vars(module).get(key)
        made_here = getattr(old, "__module__", name) == name
        if key.startswith("__") or (not made_here and isinstance(old, type | types.FunctionType)):
            continue
        if isinstance(old, type):
            for attribute, value in vars(new).items():
                _recode(vars(old).get(attribute), value)
        elif not _recode(old, new):
            _rebind(name.partition(".")[0], key, old, new)
    forget(name.partition(".")[0])


def _recode(old: Any, new: Any) -> bool:
    for holder in ("__wrapped__", "fget", "func", "__func__"):
        if hasattr(old, holder) and not isinstance(old, types.FunctionType):
            return _recode(getattr(old, holder), getattr(new, holder))
    if not isinstance(old, types.FunctionType):
        return isinstance(old, functools._lru_cache_wrapper)
    # contextlib.contextmanager wraps a function in a function.
    while hasattr(old, "__wrapped__"):
        old, new = old.__wrapped__, new.__wrapped__
    # A dataclass makes functions that both versions have in common.
    if len(old.__code__.co_freevars) == len(new.__code__.co_freevars):
        old.__code__ = new.__code__
        old.__defaults__, old.__kwdefaults__ = new.__defaults__, new.__kwdefaults__
    return True


def _rebind(package: str, key: str, old: Any, new: Any) -> None:
    for name, module in list(sys.modules.items()):
        if name.partition(".")[0] == package and vars(module).get(key) is old:
            setattr(module, key, new)


def forget(package: str) -> None:
    """Drops what the package's functions keep of earlier calls."""
    for name, module in list(sys.modules.items()):
        if name.partition(".")[0] == package:
            for value in vars(module).values():
                if isinstance(value, functools._lru_cache_wrapper):
                    value.cache_clear()
