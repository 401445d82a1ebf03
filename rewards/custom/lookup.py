"""Whether a function of the user's is there and can be called, told without importing anything.

An import may take as long as torch does, so a gate that answers at once looks at the files only.
It is sure of what it refuses: where a name could come about while the module runs, it says nothing.
"""

import ast
import itertools
import re
import sys
from collections.abc import Callable, Iterator
from importlib.machinery import ModuleSpec, PathFinder
from inspect import Parameter, Signature
from pathlib import Path, PurePath
from typing import TypeGuard

from whetstone.rewards.custom.signature import why_not_called

_FORM = "write it as package.module:function"
_COMES_ABOUT = re.compile(r"import\s*\(?\s*\*|\b(__getattr__|globals|setattr|exec)\b")
"""What can define a name that stands nowhere in the source."""


def why_no_name(fn: str) -> str | None:
    """Return what is wrong with the form of a name, and what it may have meant; None if right."""
    module, _, function = fn.partition(":")
    if module.endswith(".py") or "/" in module:
        path = PurePath(module)
        inside = path.relative_to(Path.cwd()) if path.is_relative_to(Path.cwd()) else path
        parts = [*inside.parent.parts, inside.name.removesuffix(".py")]
        name = f"{'.'.join(parts)}:{function or 'FUNCTION'}"
        if _is_form(name):
            return f"this is a file; expected a module: {name}"
        return f"this is a file; give the command in its folder, and {path.stem}:{function} here"
    if _is_form(fn):
        return None
    head, dot, last = module.rpartition(".")
    guess = f" ({head}:{last}?)" if dot and ":" not in fn and _is_form(f"{head}:{last}") else ""
    return f"{_FORM}{guess}"


def why_unusable(fn: str) -> str | None:
    """Return what of `package.module:function` is missing or wrong; None where all may be right."""
    return _why_wrong(fn, "function", _why_not_called)


def why_no_class(name: str) -> str | None:
    """Return what of `package.module:Class` is missing or wrong; None where all may be right."""
    return _why_wrong(name, "class", _why_no_class)


Judge = Callable[[ast.Module, str], str | None]
"""Says what is wrong with a name's meaning in a module."""


def _why_wrong(fn: str, kind: str, judge: Judge) -> str | None:
    module_name = fn.partition(":")[0]
    here = str(Path.cwd())
    folders: list[str] = []
    origin: str | None = None
    for name in itertools.accumulate(module_name.split("."), "{}.{}".format):
        package, _, part = name.rpartition(".")
        spec = PathFinder.find_spec(part, folders) if package else _top(name, here)
        if spec is None:
            where = f"package {package}" if package else f"{here} or the rest of sys.path"
            return f"there is no module {part!r} in {where}"
        if spec.submodule_search_locations is None and name != module_name:
            return None  # a module that puts others below itself (os.path)
        origin, folders = spec.origin, list(spec.submodule_search_locations or ())
    return _why_not_in(Path(origin), fn, kind, judge) if _is_source(origin) else None


def a_class(name: str) -> str:
    """Return what is told of a class."""
    remedy = f"name an instance that can be called (judge = {name}()), or a function"
    return f"{name!r} is a class; {remedy}"


def an_async(name: str) -> str:
    """Return what is told of a coroutine function."""
    return f"{name!r} is async; give a plain function"


def _is_form(fn: str) -> bool:
    module, _, function = fn.partition(":")
    return all(part.isidentifier() for part in [*module.split("."), function])


def _top(name: str, here: str) -> ModuleSpec | None:
    """Ask whoever finds modules, editable installs among them, as an import from here would."""
    finders = (finder for finder in sys.meta_path if hasattr(finder, "find_spec"))
    found = (finder.find_spec(name, None) for finder in finders)
    specs = [PathFinder.find_spec(name, [here]), *found]
    return next((spec for spec in specs if spec is not None), None)


def _is_source(origin: str | None) -> TypeGuard[str]:
    return origin is not None and origin.endswith(".py")


def _why_not_in(file: Path, fn: str, kind: str, judge: Judge) -> str | None:
    module, _, name = fn.partition(":")
    source = file.read_text(encoding="utf-8", errors="replace")
    if re.search(rf"\b{re.escape(name)}\b", source):
        try:
            return judge(ast.parse(source), name)
        except SyntaxError as error:
            return f"{file.name}, line {error.lineno}: {error.msg}"
    comes_about = _COMES_ABOUT.search(source)
    return None if comes_about else f"module {module} has no {kind} {name!r}"


def _why_not_called(tree: ast.Module, function: str) -> str | None:
    """Judge a name that has one plain definition; of any other an import will tell."""
    if any(isinstance(node, ast.Global) and function in node.names for node in ast.walk(tree)):
        return None
    match list(_meanings(tree, function)):
        case [ast.ClassDef(decorator_list=[])]:
            return a_class(function)
        case [ast.AsyncFunctionDef(decorator_list=[])]:
            return an_async(function)
        case [ast.FunctionDef(decorator_list=[], args=arguments)]:
            return why_not_called(function, _signature(arguments))
    return None


def _why_no_class(tree: ast.Module, name: str) -> str | None:
    match list(_meanings(tree, name)):
        case [ast.FunctionDef() | ast.AsyncFunctionDef()]:
            return f"{name!r} is a function; name a class"
    return None


def _meanings(scope: ast.AST, name: str) -> Iterator[ast.AST]:
    """Yield what gives a name its meaning in a module, below `if` and `try` as well."""
    for node in ast.iter_child_nodes(scope):
        match node:
            case ast.FunctionDef() | ast.AsyncFunctionDef() | ast.ClassDef():
                if node.name == name:
                    yield node
                continue  # what is defined within has a scope of its own
            case ast.alias():
                if (node.asname or node.name.partition(".")[0]) == name:
                    yield node
            case ast.Name(id=found, ctx=ast.Store() | ast.Del()):
                if found == name:
                    yield node
        yield from _meanings(node, name)


def _signature(arguments: ast.arguments) -> Signature:
    """Return the signature that these parameters make, without what their defaults are."""
    by_place = [*arguments.posonlyargs, *arguments.args]
    required = len(by_place) - len(arguments.defaults)
    only = len(arguments.posonlyargs)
    parameters = [
        Parameter(
            argument.arg,
            Parameter.POSITIONAL_ONLY if place < only else Parameter.POSITIONAL_OR_KEYWORD,
            default=Parameter.empty if place < required else None,
        )
        for place, argument in enumerate(by_place)
    ]
    if arguments.vararg:
        parameters.append(Parameter(arguments.vararg.arg, Parameter.VAR_POSITIONAL))
    parameters += [
        Parameter(
            argument.arg,
            Parameter.KEYWORD_ONLY,
            default=Parameter.empty if default is None else None,
        )
        for argument, default in zip(arguments.kwonlyargs, arguments.kw_defaults, strict=True)
    ]
    if arguments.kwarg:
        parameters.append(Parameter(arguments.kwarg.arg, Parameter.VAR_KEYWORD))
    return Signature(parameters)
