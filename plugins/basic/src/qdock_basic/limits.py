"""What a circuit may cost: limits with defaults, each of which the configuration can change."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, fields
from typing import Any

from qdock.errors import ConfigError, LimitExceeded

__all__ = ["Limits"]


@dataclass(frozen=True)
class Limits:
    """What a circuit may cost; ``[plugins.basic]`` can set each.

    Attributes
    ----------
    max_while_iterations : int
        Rounds of all `while` loops in one shot.
    max_loop_iterations : int
        Rounds of all loops in one shot.
    max_branches : int
        Branches that an exact distribution is put together from.
    max_memory_percent : int
        Part of the free memory that may be used.
    """

    max_while_iterations: int = 1_000_000
    max_loop_iterations: int = 10_000_000
    max_branches: int = 100_000
    max_memory_percent: int = 80

    @classmethod
    def of(cls, settings: Mapping[str, Any]) -> Limits:
        """Return the limits with those in `settings`, whose names begin with ``max_``, in their place.

        Raises
        ------
        ConfigError
            If there is no such limit, or its value is no whole number of at least 1.
        """
        given = {name: value for name, value in settings.items() if name.startswith("max_")}
        known = [item.name for item in fields(cls)]
        for name, value in given.items():
            if name not in known:
                raise ConfigError(f"[plugins.basic] sets the unknown limit {name!r}. The limits: {', '.join(known)}.")
            if not isinstance(value, int) or isinstance(value, bool) or value < 1:
                raise ConfigError(f"[plugins.basic] {name} must be a whole number of at least 1, but is {value!r}.")
        return cls(**given)

    def check(self, name: str, asked: int, what: str) -> None:
        """Raise `LimitExceeded` if more is asked for than a limit allows."""
        limit = getattr(self, name)
        if asked > limit:
            raise LimitExceeded(
                f"The limit {name} = {limit:,} was reached: the circuit asks for {_readable(asked)} {what}. "
                "Check that this is meant; `[plugins.basic]` in the configuration sets the limit."
            )

    def check_while(self, rounds: int) -> None:
        """Raise `LimitExceeded` if there are too many rounds of `while` loops in one shot."""
        self.check("max_while_iterations", rounds, "rounds of `while` loops in one shot")

    def check_loops(self, rounds: int) -> None:
        """Raise `LimitExceeded` if there are too many rounds of loops in one shot."""
        self.check("max_loop_iterations", rounds, "rounds of loops in one shot")


def _readable(number: int) -> str:
    return f"{number:,}" if number < 10**20 else f"more than 2^{number.bit_length() - 1}"
