"""Options: the run options of an old backend, with validators."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping
from typing import Any

__all__ = ["Options"]


class Options(Mapping[str, Any]):
    """Named values, read and set as attributes; `update_options` checks what has a validator.

    Parameters
    ----------
    **fields
        The options and their defaults.

    Examples
    --------
    >>> options = Options(shots=1024)
    >>> options.set_validator("shots", (1, 8192))
    >>> options.update_options(shots=4096)
    >>> options.shots
    4096
    """

    _fields: dict[str, Any]
    #: What the values of some options must be: (lowest, highest), a list of choices, or a type.
    validator: dict[str, Any]

    def __init__(self, **fields: Any) -> None:
        object.__setattr__(self, "_fields", fields)
        object.__setattr__(self, "validator", {})

    @classmethod
    def from_dict(cls, data: Mapping[str, Any]) -> Options:
        """Return options with the values of a dict."""
        return cls(**data)

    def set_validator(self, field: str, validator: tuple[Any, Any] | list[Any] | type) -> None:
        """Choose what later updates of an option are checked against.

        Parameters
        ----------
        field : str
            An option there is.
        validator : tuple, list or type
            ``(lowest, highest)``, both allowed; a list of choices; or what its value must be an instance of.

        Raises
        ------
        KeyError
            If there is no such option.
        ValueError
            If a tuple has not two entries, or a list has none.
        TypeError
            If it is none of these.
        """
        if field not in self._fields:
            raise KeyError(f"Field '{field}' is not present in this options object")
        if not isinstance(validator, (tuple, list, type)):
            raise TypeError(f"{type(validator)} is not a valid validator type, it must be a tuple, list, or class/type")
        if isinstance(validator, tuple) and len(validator) != 2:
            raise ValueError(
                f"A tuple validator is '(lower, upper)', both allowed values, but {validator!r} was given."
            )
        if isinstance(validator, list) and not validator:
            raise ValueError("A list validator must have at least one entry")
        self.validator[field] = validator

    def update_options(self, **fields: Any) -> None:
        """Set options, new ones too: all of them, or none if one is not allowed.

        Raises
        ------
        ValueError
            If a value is out of its bounds, or none of the choices.
        TypeError
            If a value is not of its type.
        """
        for field, value in fields.items():
            if field in self.validator:
                _check(field, value, self.validator[field])
        self._fields.update(fields)

    def get(self, field: str, default: Any = None) -> Any:
        """Return the value of an option, or `default` if there is none."""
        return self._fields.get(field, default)

    def __getitem__(self, field: str) -> Any:
        return self._fields[field]

    def __getattr__(self, field: str) -> Any:
        try:
            return object.__getattribute__(self, "_fields")[field]
        except (KeyError, AttributeError):
            raise AttributeError(f"Option {field} is not defined") from None

    def __setattr__(self, field: str, value: Any) -> None:
        self._fields[field] = value

    def __iter__(self) -> Iterator[str]:
        return iter(self._fields)

    def __len__(self) -> int:
        return len(self._fields)

    def __eq__(self, other: object) -> bool:
        if not isinstance(other, Options):
            return NotImplemented
        return self._fields == other._fields and self.validator == other.validator

    __hash__ = None  # type: ignore[assignment]  # its values can be changed

    def __copy__(self) -> Options:
        return _rebuild(type(self), dict(self._fields), dict(self.validator))

    def __reduce__(self) -> tuple[Any, ...]:
        return _rebuild, (type(self), self._fields, self.validator)

    def __repr__(self) -> str:
        return f"Options({', '.join(f'{name}={value!r}' for name, value in self._fields.items())})"


def _rebuild(cls: type[Options], fields: dict[str, Any], validator: dict[str, Any]) -> Options:
    options = cls(**fields)
    options.validator.update(validator)
    return options


def _check_bounds(field: str, value: Any, bounds: tuple[Any, Any]) -> None:
    lowest, highest = bounds
    if not lowest <= value <= highest:
        raise ValueError(
            f"Specified value for '{field}' is not a valid value, must be >={lowest} and <={highest}, but is {value!r}."
        )


def _check_choice(field: str, value: Any, choices: list[Any]) -> None:
    if value not in choices:
        raise ValueError(
            f"Specified value for '{field}' is not a valid choice, must be one of {choices}, but is {value!r}."
        )


def _check_type(field: str, value: Any, kind: type) -> None:
    if not isinstance(value, kind):
        raise TypeError(
            f"Specified value for '{field}' is not of required type {kind.__name__}, but is {value!r} of type "
            f"{type(value).__name__}."
        )


_CHECKS: dict[type, Callable[[str, Any, Any], None]] = {tuple: _check_bounds, list: _check_choice, type: _check_type}


def _check(field: str, value: Any, validator: Any) -> None:
    next(check for kind, check in _CHECKS.items() if isinstance(validator, kind))(field, value, validator)
