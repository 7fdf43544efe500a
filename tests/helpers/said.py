"""Everything the program may tell a person, found in its source: raised errors, faults in files, help of options."""

from __future__ import annotations

import ast
from collections.abc import Iterator, Mapping
from functools import lru_cache
from itertools import product
from pathlib import Path

from tests.helpers.places import ROOT

MOST = 60
"""Variants of one text."""

TELLERS: dict[str, tuple[int, ...]] = {"NotText": (0,), "NoTable": (0,), "Problem": (2, 3), "_notice": (2, 3)}
"""What else tells a person something, and which of its arguments do."""

TO_PROGRAMS = {"IncompleteCall"}
"""Answered to recorders, whose makers compare the words: English always."""


class Source:
    """One module, and the string constants of all modules."""

    def __init__(self, path: Path, tree: ast.Module, constants: Mapping[str, ast.expr]) -> None:
        self.path, self.tree, self._constants = path, tree, constants

    def texts(self, node: ast.expr, scope: ast.AST | None = None, depth: int = 0) -> set[str]:
        """Templates that an expression may be; ``{}`` is a hole, also in place of a constant unless names are looked up
        in ``scope``. Empty if it holds no words of its own."""
        match node:
            case ast.Constant(value=str(text)):
                return {text}
            case ast.IfExp():
                return self.texts(node.body, scope, depth) | self.texts(node.orelse, scope, depth)
            case ast.BoolOp():
                return set().union(*(self.texts(v, scope, depth) for v in node.values))
            case ast.BinOp(op=ast.Add()):
                left, right = (self.texts(n, scope, depth) or {"{}"} for n in (node.left, node.right))
                return {a + b for a, b in product(left, right)}
            case ast.JoinedStr():
                parts = [self._part(v, scope, depth) for v in node.values]
                found = {"".join(p) for p, _ in zip(product(*parts), range(MOST), strict=False)}
                return {t for t in found if t.replace("{}", "").strip(" :;,“”→-/.()")}
            case ast.Call(func=ast.Attribute(attr="get"), args=[_, other]):
                return self.texts(other, scope, depth)
            case ast.Name() if depth < 3:
                own = [v for name, v in _assigned(scope) if name == node.id] if scope is not None else []
                known = [self._constants[node.id]] if node.id in self._constants else []
                return set().union(*(self.texts(v, scope, depth + 1) for v in own or known))
            case _:
                return set()

    def _part(self, node: ast.expr, scope: ast.AST | None, depth: int) -> list[str]:
        if isinstance(node, ast.Constant):
            return [str(node.value)]
        value = node.value if isinstance(node, ast.FormattedValue) else node
        constant = isinstance(value, ast.Name) and value.id.isupper()
        found = self.texts(value, scope, depth) if constant or isinstance(value, ast.IfExp) else set()
        return sorted(found | ({"{}"} if scope is None else set())) or ["{}"]

    def literals(self) -> Iterator[str]:
        """Every text of the module."""
        for node in ast.walk(self.tree):
            if isinstance(node, ast.expr):
                yield from self.texts(node)

    def pieces(self) -> Iterator[tuple[int, str]]:
        """(line, template) of every text that may be a part of a message: no docstring, no piece of a text above."""
        inner = {id(n.value) for n in ast.walk(self.tree) if isinstance(n, ast.Expr)}
        inner |= {id(v) for n in ast.walk(self.tree) if isinstance(n, ast.JoinedStr) for v in n.values}
        for node in ast.walk(self.tree):
            if isinstance(node, ast.Constant | ast.JoinedStr) and id(node) not in inner:
                yield from ((node.lineno, text) for text in self.texts(node))

    def table_words(self) -> Iterator[str]:
        """Headings of tables, and names of figures that a generator yields as (name, value)."""
        for node in ast.walk(self.tree):
            match node:
                case ast.Call(func=ast.Name("Table"), args=args):
                    cells = args
                case ast.Call(func=ast.Name("_show"), args=[_, ast.Tuple(elts=cells), *_]):
                    pass
                case ast.Yield(value=ast.Tuple(elts=[name, _])) if self.path.parent.name == "bench":
                    cells = [name]
                case ast.Assign(targets=[ast.Subscript(value=ast.Name("figures" | "times"), slice=name)]):
                    cells = [name]
                case _:
                    continue
            for cell in cells:
                yield from self.texts(cell)

    def raised(self, errors: set[str]) -> Iterator[tuple[int, str]]:
        """(line, template) of every message told by one of ``errors`` or TELLERS."""
        first: dict[str, tuple[int, ...]] = dict.fromkeys(errors, (0,))
        yield from self.told({**first, **TELLERS})

    def told(self, tellers: Mapping[str, tuple[int, ...]]) -> Iterator[tuple[int, str]]:
        """(line, template) of every text given to a call of ``tellers``: name → its places among the arguments."""
        for scope in ast.walk(self.tree):
            if isinstance(scope, ast.FunctionDef | ast.AsyncFunctionDef):
                for node in ast.walk(scope):
                    if isinstance(node, ast.Call):
                        places = tellers.get(getattr(node.func, "id", getattr(node.func, "attr", "")), ())
                        for k in places:
                            if k < len(node.args):
                                for text in self.texts(node.args[k], scope):
                                    yield node.lineno, text


def _assigned(scope: ast.AST) -> Iterator[tuple[str, ast.expr]]:
    for node in ast.walk(scope):
        match node:
            case ast.Assign(targets=[ast.Name(id=name)], value=value):
                yield name, value
            case ast.Assign(targets=[ast.Tuple(elts=names)], value=ast.Tuple(elts=values)):
                yield from ((n.id, v) for n, v in zip(names, values, strict=False) if isinstance(n, ast.Name))
            case ast.NamedExpr(target=ast.Name(id=name), value=value):
                yield name, value


@lru_cache(maxsize=1)
def sources() -> tuple[Source, ...]:
    """All modules but the tables of words."""
    trees = {p: ast.parse(p.read_text("utf-8")) for p in sorted((ROOT / "voice").rglob("*.py"))}
    constants = {
        n.targets[0].id: n.value
        for tree in trees.values()
        for n in tree.body
        if isinstance(n, ast.Assign) and isinstance(n.targets[0], ast.Name) and n.targets[0].id.isupper()
        if isinstance(n.value, ast.Constant | ast.JoinedStr)
    }
    return tuple(Source(p, t, constants) for p, t in trees.items() if p.name != "chinese.py")


@lru_cache(maxsize=1)
def errors() -> frozenset[str]:
    """HuyingError and everything derived from it."""
    classes = [n for s in sources() for n in ast.walk(s.tree) if isinstance(n, ast.ClassDef)]
    found, before = {"HuyingError"}, 0
    while before < len(found):
        before = len(found)
        found |= {c.name for c in classes if any(getattr(b, "id", "") in found for b in c.bases)}
    return frozenset(found - {"FilesError"} - TO_PROGRAMS)
