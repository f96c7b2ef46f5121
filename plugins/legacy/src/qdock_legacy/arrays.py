"""Complex vectors and matrices as JSON has them: lists of numbers or of [re, im]."""

from __future__ import annotations

from typing import Any

import numpy as np
import numpy.typing as npt

from qdock_legacy.errors import error_at

__all__ = ["Array", "as_pairs", "matrix_of", "vector_of"]

Array = npt.NDArray[np.complex128]


def vector_of(value: Any, path: str) -> Array:
    """Return a vector.

    Raises
    ------
    QobjError
        If it is none.
    """
    return _complex(value, 1, path)


def matrix_of(value: Any, path: str) -> Array:
    """Return a matrix, or raise `QobjError`."""
    return _complex(value, 2, path)


def as_pairs(array: npt.NDArray[Any]) -> Any:
    """Return a complex array as nested lists of [re, im]."""
    return np.stack([array.real, array.imag], axis=-1).tolist()


def _complex(value: Any, dimensions: int, path: str) -> Array:
    kind = "matrix" if dimensions == 2 else "vector"
    try:
        array = _numbers(value)
    except (TypeError, ValueError, OverflowError):
        try:
            array = np.array(_each(value, dimensions), dtype=np.complex128)
        except (TypeError, ValueError, OverflowError):
            array = np.zeros((0,) * 9)
    if array.dtype.kind != "c" and array.ndim == dimensions + 1 and array.shape[-1] == 2:
        array = array[..., 0] + 1j * array[..., 1]
    if array.ndim != dimensions or not np.isfinite(array).all():
        raise error_at(path, f"no {kind} was given; allowed are lists of finite numbers, a complex one as [re, im].")
    return array.astype(np.complex128)


def _numbers(value: Any) -> npt.NDArray[Any]:
    array = np.asarray(value)
    if array.dtype.kind not in "iufc":
        raise TypeError
    return array


def _each(value: Any, dimensions: int) -> Any:
    """Return nested lists with every [re, im] made one number; some may be plain numbers."""
    if dimensions:
        if not isinstance(value, (list, tuple)):
            raise TypeError
        return [_each(item, dimensions - 1) for item in value]
    if isinstance(value, (list, tuple)):
        real, imag = value
        return complex(float(real), float(imag))
    return complex(value) if not isinstance(value, (bool, str)) else float("nan")
