"""Whether a ``while`` loop that is resolved while loading can come to an end."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from qdock import expr as ex
from qdock_openqasm.assigned import assigned_names, names_in, walk
from qdock_openqasm.evaluate import evaluate
from qdock_openqasm.grammar import ast
from qdock_openqasm.pace import Pace
from qdock_openqasm.scope import ArrayAlias, BitsSymbol, Subroutine, Variable

if TYPE_CHECKING:
    from qdock_openqasm.program import Program

__all__ = ["Progress"]

#: The rounds after which it is clear how far a loop has come.
_SURE = 1024
#: The rounds after which it is first asked whether everything is as it was before.
_FIRST_STATE = 16
#: More values than this are not compared from round to round.
_MOST_VALUES = 256


class Progress:
    """Watches a loop: one that can't end, or can't end in time, is refused early.

    Parameters
    ----------
    p : Program
        The program, before the first round.
    node : ast.While
        The loop, whose condition is known.
    """

    def __init__(self, p: Program, node: ast.While) -> None:
        self.p, self.node = p, node
        self.rounds = 0
        self._next_look = 1
        self._last: float | None = None
        self._pace = Pace(p, node.condition.span)
        self._changing = assigned_names(node.body)
        self._state: object = None
        self._next_state = _FIRST_STATE
        if not names_in([node.condition]) & self._changing and not self._calls():
            self._refuse()

    def check(self) -> None:
        """Count a round before it is made."""
        self.p.spend(1, self.node.condition.span)
        self.rounds += 1
        self.p.limits.check("while_rounds", self.rounds, self.node.condition.span)
        if self._last is None and self.rounds > _FIRST_STATE:
            # Nothing tells how far its end is, so all such loops together have few rounds.
            self.p.unforeseen += 1
            self.p.limits.check("unforeseen_rounds", self.p.unforeseen, self.node.condition.span)
        if self.rounds >= _FIRST_STATE:
            self._compare()
        if self.rounds == self._next_look:
            self._look()

    def _refuse(self, rounds: int | None = None) -> None:
        raise self.p.limits.reached("iterations", rounds, self.node.condition.span)

    def _calls(self) -> bool:
        """Whether subroutines are called, which might end the program."""
        return any(
            isinstance(item, (ast.FunctionCall, ast.GateCall))
            and isinstance(self.p.scopes.find(item.name.name), Subroutine)
            for item in walk([self.node])
        )

    # --- a state that comes back

    def _compare(self) -> None:
        """Refuse if what the loop changes is as it was in an earlier round: it will be so for ever.

        The state is compared with that of the last round whose number is a power of two (R. P. Brent, *BIT* 20, 176).
        """
        state = self._values()
        if state is not None and state == self._state:
            self._refuse()
        if self.rounds >= self._next_state:
            self._next_state *= 2
            self._state = state

    def _values(self) -> list[Any] | None:
        """What the names that the loop sets stand for."""
        found: list[Any] = []
        for name in self._changing:
            symbol = self.p.scopes.find(name)
            if isinstance(symbol, ArrayAlias):
                found += symbol.value.data.storage.values
            elif isinstance(symbol, Variable):
                found += symbol.storage.values
            elif isinstance(symbol, BitsSymbol):
                found.append(self.p.memory.states(symbol.bits))
            if len(found) > _MOST_VALUES:
                return None
        return None if any(isinstance(value, ex.Expr) for value in found) else found

    # --- a distance that becomes smaller

    def _look(self) -> None:
        distance = self._distance()
        if distance is not None and self._last is not None:
            self._predict(self._last - distance, distance)
        self._last = distance
        self._next_look = self.rounds * 2

    def _predict(self, gained: float, distance: float) -> None:
        """Refuse if, at the speed so far, the rounds that are left would not be enough."""
        rounds = self.rounds - self.rounds // 2
        needed = distance * rounds / gained if gained > 0 else float("inf")
        if needed < float("inf"):
            self._pace.check(self.rounds, needed)
        if self.rounds >= _SURE and needed > min(self.p.iterations_left, self.p.limits.while_rounds):
            self._refuse(
                None if needed == float("inf") else max(self.rounds + int(needed), self.p.limits.iterations + 1)
            )

    def _distance(self) -> float | None:
        """How far the condition is from being false, if it compares numbers."""
        condition = self.node.condition
        if not isinstance(condition, ast.BinaryExpression) or condition.op.value not in ("<", "<=", ">", ">=", "!="):
            return None
        left, right = (evaluate(self.p, side) for side in (condition.lhs, condition.rhs))
        kinds = ("int", "uint", "literal", "float")
        if not (left.is_known and right.is_known) or left.type.kind not in kinds or right.type.kind not in kinds:
            return None
        return abs(float(getattr(left.data, "whole", left.data)) - float(getattr(right.data, "whole", right.data)))
