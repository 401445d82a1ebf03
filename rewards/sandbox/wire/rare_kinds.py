"""Rare containers, whose modules are imported with the first of them.

Every library that a zygote holds makes every fork dearer.
"""

import importlib
import sys
from collections.abc import Iterable
from typing import Any

from whetstone.rewards.sandbox.wire.kinds import KINDS, WireKind, mapping, no_change, no_head


def kind_of(value: type) -> WireKind | None:
    """Return what is known of exactly this type of container, of the rare ones too."""
    kind = KINDS.get(value)
    if kind is None and value.__name__ in _RARE.get(value.__module__, ()):
        module = sys.modules.get(value.__module__)
        if getattr(module, value.__name__, None) is value:  # and not a program's, called so
            kind = KINDS[value] = _rare_kind(value)
    return kind


_RARE = {
    "array": {"array"},
    "types": {"SimpleNamespace"},
    "collections": {"UserDict", "UserList", "UserString"},
    "random": {"Random"},
    "numpy": {"ndarray"},
}


def _rare_kind(base: type) -> WireKind:
    if base.__name__ == "array":
        return _array(base)
    if base.__name__ == "SimpleNamespace":
        return _namespace(base)
    if base.__name__ == "Random":
        return _generator(base)
    if base.__name__ == "ndarray":
        of_array: WireKind = _of_numpy().array_kind()
        return of_array
    return _wrapper(base)


def _of_numpy() -> Any:
    return importlib.import_module("whetstone.rewards.sandbox.wire.of_numpy")


def _array(base: Any) -> WireKind:
    def fill(value: Any, items: Iterable[Any]) -> None:
        value[:] = base(value.typecode, list(items))

    return WireKind(
        "A",
        base,
        bytes,
        lambda value, before: bool(value.tobytes() == before),
        lambda value: value.typecode,
        lambda value: (value.tolist(),),
        base,
        fill,
        no_change,
    )


def _namespace(base: Any) -> WireKind:
    inner = mapping("N", dict)

    def fill(value: Any, names: Iterable[Any], contents: Iterable[Any]) -> None:
        inner.fill(vars(value), map(str, names), contents)

    return inner._replace(
        base=base,
        snapshot=lambda value: inner.snapshot(vars(value)),
        is_unchanged=lambda value, before: inner.is_unchanged(vars(value), before),
        parts=lambda value: inner.parts(vars(value)),
        make=lambda _: base(),
        fill=fill,
        change=no_change,
    )


def _generator(base: Any) -> WireKind:
    """Take a generator of random numbers: what it will draw next."""

    def fill(value: Any, items: Iterable[Any]) -> None:
        (state,) = items
        value.setstate(state)

    return WireKind(
        "G",
        base,
        base.getstate,
        lambda value, before: bool(value.getstate() == before),
        no_head,
        lambda value: ([value.getstate()],),
        lambda _: base(0),
        fill,
        no_change,
    )


def _wrapper(base: Any) -> WireKind:
    """Take a class of the library that keeps all of its contents in `data`."""

    def fill(value: Any, items: Iterable[Any]) -> None:
        (value.data,) = items

    return WireKind(
        base.__name__,
        base,
        lambda value: value.data,
        lambda value, before: value.data is before,
        no_head,
        lambda value: ([value.data],),
        lambda _: base(()) if base.__name__ == "UserString" else base(),
        fill,
        no_change,
    )


_MODULES = {"A": "array", "N": "types", "G": "random"}
_NAMES = {"A": "array", "N": "SimpleNamespace", "G": "Random", "ndarray": "ndarray"}
_BY_TAG = {kind.tag: kind for kind in KINDS.values()}


def _imported(tag: str) -> Any:
    return importlib.import_module(_MODULES.get(tag, "collections"))


def kind_of_tag(tag: Any) -> WireKind | None:
    """Find a type of container by its tag."""
    if tag in _BY_TAG or tag not in {*_NAMES, *_RARE["collections"]}:
        return _BY_TAG.get(tag)
    module = _of_numpy().numpy() if tag == "ndarray" else _imported(tag)
    _BY_TAG[tag] = _rare_kind(getattr(module, _NAMES.get(tag, tag)))
    return _BY_TAG[tag]
