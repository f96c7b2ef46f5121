"""Coverage-guided search for programs that are neither read nor refused by an error of ours.

``python tests/fuzz/fuzz_openqasm.py [CORPUS] [-max_total_time=SECONDS]`` with atheris installed; the options are those
of libFuzzer. An input that finds something is written to ``crash-...`` in the current folder. Besides what is
thrown it looks at three promises: an error is no fault of the reader, the fast path agrees with the parser, and what
is read can be written and read again.
"""

from __future__ import annotations

import re
import sys
import tempfile
from pathlib import Path

import atheris

with atheris.instrument_imports(include=["qdock_openqasm", "openqasm"]):
    from qdock.errors import ConversionError, QdockError
    from qdock_openqasm.api import dumps
    from qdock_openqasm.limits import Limits
    from qdock_openqasm.reader import FAULTY, Reader

#: What no small program should need, so that a search makes thousands of tries in a second.
LIMITS = Limits(
    gates=2_000, iterations=500, while_rounds=200, qubits=500, clbits=500, elements=500, matrix_qubits=4, work=10**9
)
#: Bytes of an input that are looked at.
LONGEST = 2_000
PROGRAMS = Path(__file__).parents[2] / "plugins" / "openqasm" / "tests"
HEADS = {2: 'OPENQASM 2.0;\ninclude "qelib1.inc";\n', 3: 'OPENQASM 3.0;\ninclude "stdgates.inc";\n'}


def outcome(text: str, *, fast: bool) -> object:
    """Return the circuit of a program, or None if it is refused."""
    try:
        return Reader(LIMITS, fast=fast).read(text)
    except QdockError as error:
        if FAULTY in str(error):
            raise
        return None


def check(data: bytes) -> None:
    """Check all that is promised of one input."""
    text = data[:LONGEST].decode("utf-8", errors="replace")
    circuit = outcome(text, fast=True)
    assert circuit == outcome(text, fast=False), "the fast path and the parser differ"
    if circuit is None:
        return
    try:
        written = dumps(circuit)
    except ConversionError:
        return
    assert Reader(Limits()).read(written) == circuit, "what was written reads as another circuit"


def seeds(folder: Path) -> None:
    """Write the programs of the tests of the language, each as a file."""
    for version, head in HEADS.items():
        texts = [(PROGRAMS / f"{kind}_{version}.txt").read_text("utf-8") for kind in ("programs", "wrong")]
        programs = [program for text in texts for program in re.split(r"(?m)^(?:== .+|# .+)\n", text)]
        for number, program in enumerate(filter(str.strip, programs)):
            (folder / f"{version}-{number}.qasm").write_text(head + program, "utf-8")


def main() -> None:
    """Search until a time is over or something is found."""
    arguments = sys.argv
    if not any(not argument.startswith("-") for argument in arguments[1:]):
        folder = tempfile.mkdtemp(prefix="qdock-fuzz-")
        seeds(Path(folder))
        arguments = [*arguments, folder]
    atheris.Setup(arguments, check)
    atheris.Fuzz()


if __name__ == "__main__":
    main()
