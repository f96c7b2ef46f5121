"""Which backends fit what is asked of them: the filters of ``qdock.backends(...)``."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping
from fnmatch import fnmatchcase
from typing import Any

from qdock.common.suggest import did_you_mean
from qdock.spec import FEATURES, BackendSpec

__all__ = ["filter_backends"]


def _texts(value: Any) -> frozenset[str]:
    return frozenset([value] if isinstance(value, str) else value)


def _check_bool(value: Any) -> bool:
    if not isinstance(value, bool):
        raise TypeError(f"Filter `simulator` is True or False, but {value!r} was given.")
    return value


def _check_qubits(value: Any) -> int:
    if isinstance(value, bool) or not hasattr(value, "__index__"):
        raise TypeError(f"Filter `min_qubits` is a whole number, but {value!r} was given.")
    return int(value.__index__())


def _check_features(value: Any) -> frozenset[str]:
    features = _texts(value)
    for feature in sorted(features):
        if feature not in FEATURES and not feature.startswith("x-"):
            raise ValueError(f"There is no feature {feature!r}.{_suggest(feature, FEATURES)}")
    return features


def _suggest(name: str, known: Iterable[str]) -> str:
    known = list(known)
    return did_you_mean(name, known, f" Known: {', '.join(known)}.")


def _matches_name(spec: BackendSpec, pattern: str) -> bool:
    return any(fnmatchcase(name, pattern) for name in (spec.full_name, spec.name, *spec.aliases))


#: filter -> (how its value is checked, whether a backend passes)
_FILTERS: dict[str, tuple[Callable[[Any], Any], Callable[[BackendSpec, Any], bool]]] = {
    "simulator": (_check_bool, lambda spec, wanted: spec.simulator == wanted),
    # No number of qubits means that only memory bounds it.
    "min_qubits": (_check_qubits, lambda spec, least: spec.num_qubits is None or spec.num_qubits >= least),
    "features": (_check_features, lambda spec, wanted: wanted <= spec.features),
    "accepts": (_texts, lambda spec, wanted: wanted <= frozenset(spec.accepts)),
    "name": (str, _matches_name),
    "plugin": (str, lambda spec, pattern: fnmatchcase(spec.plugin, pattern)),
}


def filter_backends(specs: Iterable[BackendSpec], filters: Mapping[str, Any]) -> list[BackendSpec]:
    """Return those of `specs` that pass all `filters`; one that is None passes everything.

    Raises
    ------
    TypeError, ValueError
        If there is no such filter or feature, or a value is of a wrong type.
    """
    tests = []
    for name, value in filters.items():
        if name not in _FILTERS:
            raise TypeError(f"There is no filter {name!r}.{_suggest(name, _FILTERS)}")
        if value is not None:
            check, passes = _FILTERS[name]
            tests.append((passes, check(value)))
    return [spec for spec in specs if all(passes(spec, value) for passes, value in tests)]
