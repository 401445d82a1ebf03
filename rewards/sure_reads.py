"""Whether a piece of Python reads a name for sure, whatever else it does.

What may not be reached is left out: branches, bodies of loops that may be empty, functions that
nobody calls, and what stands under a handler that would swallow the missing name.
"""

import ast
import builtins
from collections.abc import Callable, Iterable
from typing import Any

_Parts = Iterable[ast.AST | None]
_CONSUMERS = frozenset(
    {"all", "any", "sum", "list", "tuple", "set", "sorted", "max", "min", "dict"}
)
_COMPREHENSIONS = (ast.ListComp, ast.SetComp, ast.DictComp, ast.GeneratorExp)


def _defaults(node: Any) -> _Parts:
    return [
        *getattr(node, "decorator_list", ()),
        *node.args.defaults,
        *node.args.kw_defaults,
    ]


_REACHED: dict[type[ast.AST], Callable[[Any], _Parts]] = {
    ast.FunctionDef: _defaults,
    ast.AsyncFunctionDef: _defaults,
    ast.Lambda: _defaults,
    ast.While: lambda node: [node.test],
    ast.With: lambda node: [item.context_expr for item in node.items],
    ast.Match: lambda node: [node.subject],
    ast.BoolOp: lambda node: [node.values[0]],
    ast.Compare: lambda node: [node.left, node.comparators[0]],
    **dict.fromkeys(_COMPREHENSIONS, lambda node: [node.generators[0].iter]),
}
"""What is evaluated of a node each time; of one that is not named here, everything."""


def surely_reads(tree: ast.Module, names: frozenset[str]) -> bool:
    """Tell whether running a module, up to its end or an exception, reads one of the names."""
    functions = {node.name: node for node in tree.body if isinstance(node, ast.FunctionDef)}
    return _Reads(names, functions).any_of(tree.body)


class _Reads:
    def __init__(self, names: frozenset[str], functions: dict[str, ast.FunctionDef]) -> None:
        self._names = names
        self._functions = functions
        self._filled: set[str] = set()
        self._special: dict[type[ast.AST], Callable[[Any], bool]] = {
            ast.Name: lambda node: isinstance(node.ctx, ast.Load) and node.id in self._names,
            ast.If: lambda node: (
                self._node(node.test) or (self.any_of(node.body) and self.any_of(node.orelse))
            ),
            ast.IfExp: lambda node: (
                self._node(node.test) or (self._node(node.body) and self._node(node.orelse))
            ),
            ast.For: self._loops,
            ast.Try: self._tries,
            ast.Call: self._calls,
            ast.Assign: self._assigns,
        }

    def any_of(self, nodes: _Parts) -> bool:
        return any(self._node(node) for node in nodes if node is not None)

    def _node(self, node: ast.AST) -> bool:
        """Tell whether this node reads a name, each time that it is run or evaluated."""
        special = self._special.get(type(node))
        if special is not None:
            return special(node)
        return self.any_of(_REACHED.get(type(node), ast.iter_child_nodes)(node))

    def _loops(self, node: ast.For) -> bool:
        return self._node(node.iter) or (self._is_filled(node.iter) and self.any_of(node.body))

    def _tries(self, node: ast.Try) -> bool:
        swallows = any(_may_catch(handler.type) for handler in node.handlers)
        return (not swallows and self.any_of(node.body)) or self.any_of(node.finalbody)

    def _calls(self, node: ast.Call) -> bool:
        if self.any_of(ast.iter_child_nodes(node)):
            return True
        if not isinstance(node.func, ast.Name):
            return False
        if node.func.id in _CONSUMERS and len(node.args) == 1:
            return self._consumes(node.args[0])
        function = self._functions.get(node.func.id)
        if function is None:
            return False
        others = {name: one for name, one in self._functions.items() if one is not function}
        return _Reads(self._names - _own_names(function), others).any_of(function.body)

    def _consumes(self, node: ast.expr) -> bool:
        """Tell whether taking all of this, or its first item, reads a name."""
        if not isinstance(node, _COMPREHENSIONS) or len(node.generators) > 1:
            return False
        generator = node.generators[0]
        if generator.ifs or not self._is_filled(generator.iter):
            return False
        return self.any_of([node.key, node.value] if isinstance(node, ast.DictComp) else [node.elt])

    def _assigns(self, node: ast.Assign) -> bool:
        names = {target.id for target in node.targets if isinstance(target, ast.Name)}
        if self._is_filled(node.value):
            self._filled |= names
        else:
            self._filled -= names
        return self.any_of([node.value, *node.targets])

    def _is_filled(self, node: ast.expr) -> bool:
        """Tell whether an iterable is known to hold something."""
        match node:
            case ast.List(elts=items) | ast.Tuple(elts=items) | ast.Set(elts=items):
                filled = any(not isinstance(item, ast.Starred) for item in items)
            case ast.Dict():
                filled = any(key is not None for key in node.keys)
            case ast.Name():
                filled = node.id in self._filled
            case ast.Call(func=ast.Name(id="range"), args=[ast.Constant(value=int(stop))]):
                filled = stop > 0
            case ast.Call(func=ast.Name(id="enumerate" | "zip"), args=parts):
                filled = bool(parts) and all(map(self._is_filled, parts))
            case ast.Call(func=ast.Attribute(value=inner, attr="items"), args=[]):
                filled = self._is_filled(inner)
            case _:
                filled = False
        return filled


def _own_names(function: ast.FunctionDef) -> set[str]:
    """Return the names that a function binds itself, in which others of the module are hidden."""
    bound = {part.arg for part in ast.walk(function) if isinstance(part, ast.arg)}
    return bound | {
        part.id
        for part in ast.walk(function)
        if isinstance(part, ast.Name) and not isinstance(part.ctx, ast.Load)
    }


def _may_catch(kind: ast.expr | None) -> bool:
    """Tell whether a handler of this kind may catch that a name is missing."""
    if isinstance(kind, ast.Tuple):
        return any(map(_may_catch, kind.elts))
    found = getattr(builtins, kind.id, None) if isinstance(kind, ast.Name) else None
    return not (isinstance(found, type) and not issubclass(NameError, found))
