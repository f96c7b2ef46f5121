"""Packages that import nothing by themselves: each of their names is looked up when it is first used (PEP 562)."""

from __future__ import annotations

import sys
from collections.abc import Callable, Iterable, Mapping
from importlib import import_module
from typing import Any

__all__ = ["lazily"]


def lazily(package: str, names: Mapping[str, Iterable[str]]) -> tuple[Callable[[str], Any], Callable[[], list[str]]]:
    """Return the functions ``__getattr__`` and ``__dir__`` of a package.

    Parameters
    ----------
    package : str
        Its ``__name__``.
    names : mapping of str to iterable of str
        By module of the package, which of the package's names it has.

    Examples
    --------
    The whole of a package's ``__init__.py``, but for type checkers, which want the imports below ``TYPE_CHECKING``::

        __getattr__, __dir__ = lazily(__name__, {"backend": ["CoinBackend"]})
    """
    module_of = {name: module for module, some in names.items() for name in some}

    def look_up(name: str) -> Any:
        if name not in module_of:
            raise AttributeError(f"module {package!r} has no attribute {name!r}")
        value = getattr(import_module(f"{package}.{module_of[name]}"), name)
        setattr(sys.modules[package], name, value)
        return value

    def list_names() -> list[str]:
        # Not what the package imports for itself: whoever types `qdock.` and asks for more wants names to use.
        has = vars(sys.modules[package])
        return sorted({*filter(_is_special, has), *has.get("__all__", ()), *module_of})

    return look_up, list_names


def _is_special(name: str) -> bool:
    return name.startswith("__") and name.endswith("__")
