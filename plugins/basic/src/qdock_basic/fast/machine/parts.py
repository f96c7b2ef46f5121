"""How functions that only compiled functions call are compiled: as parts of these, without machine code of their own.

What numba does by itself costs twice the time: it optimises a function, and makes machine code of it, at every level of
calls that it stands in, and does so anew for every constant that the function is called with.
"""

from __future__ import annotations

from typing import Any

from numba import types
from numba.core.codegen import JITCodeLibrary
from numba.core.compiler import CompilerBase, DefaultPassBuilder

__all__ = ["PartCompiler", "take_constants_as_values"]


def take_constants_as_values(function: Any) -> None:
    """Let compiled callers of a function that give it constants call what is compiled for all values of their types."""
    find = function.get_call_template

    def find_for_values(arguments: Any, named: Any) -> Any:
        values = {name: types.unliteral(argument) for name, argument in named.items()}
        return find([types.unliteral(argument) for argument in arguments], values)

    function.get_call_template = find_for_values


class _Part(JITCodeLibrary):
    """The code of a function before LLVM has worked on it: that is done once, where the part has got its whole."""

    @property
    def codegen(self) -> Any:
        """What is told where a function keeps its constants, which a part does in its whole."""
        return self

    def set_env(self, *_: Any) -> None:
        """Do nothing; see `codegen`."""

    def finalize(self) -> None:
        """Bring the parts of this part together."""
        for library in dict.fromkeys(self._linking_libraries):
            self._reload_init.update(library._reload_init)
            self._final_module.link_in(library._get_module_for_linking(), preserve=True)
        self._finalized = True

    def get_pointer_to_function(self, name: str) -> int:
        """Return that there is no such machine code."""
        self._ensure_finalized()
        return 0


class PartCompiler(CompilerBase):
    """Numba's compiler up to LLVM."""

    def define_pipelines(self) -> list[Any]:
        """Return the usual steps, with a library that makes no machine code."""
        state = self.state
        state.library = _Part(state.targetctx.codegen(), state.func_id.func_qualname)
        return [DefaultPassBuilder.define_nopython_pipeline(state)]
