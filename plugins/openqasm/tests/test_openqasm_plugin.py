"""What the plugin announces, what it costs to announce it, and which texts it takes for OpenQASM."""

import importlib
import re
import subprocess
import sys

import pytest

import qdock
from qdock.errors import QdockError
from qdock_openqasm import plugin

BELL_2 = 'OPENQASM 2.0;\ninclude "qelib1.inc";\nqreg q[2];\nh q[0];\ncx q[0], q[1];\n'


def test_announcing_imports_neither_parser_nor_reader():
    code = (
        "import sys; from qdock_openqasm import plugin\n"
        "list(plugin.qdock_converters()); list(plugin.qdock_commands())\n"
        "print([name for name in sys.modules if name.split('.')[0] in ('openqasm', 'numpy', 'click')"
        " or name == 'qdock_openqasm.api'])"
    )
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    assert done.stdout == "[]\n"


def test_every_target_that_is_named_exists():
    names = [spec.function for spec in plugin.qdock_converters()] + [spec.factory for spec in plugin.qdock_commands()]
    assert len(names) == 5
    for function in names:
        module, _, name = function.partition(":")
        assert callable(getattr(importlib.import_module(module), name))


@pytest.mark.parametrize(
    "text",
    [
        "OPENQASM 3.0;\nqubit q;",
        "// a comment\n\nOPENQASM 2.0;",
        "\ufeffOPENQASM 3;",
        'include "stdgates.inc";\nqubit[2] q;',
        "qubit[2] q;\n",
        "qubit q;",
        "qreg q[5];\ncreg c[5];",
        "gate g a { }\n",
        "gate g(t) a, b { }\n",
        "/* text */\n// more\ninput float t;\nqubit q;",
        'bit[4] c = "0000";',
        'defcalgrammar "openpulse";',
    ],
)
def test_these_texts_are_recognised(text):
    (spec, *_) = plugin.qdock_converters()
    assert re.search(spec.pattern, text, re.MULTILINE)


@pytest.mark.parametrize(
    "text",
    ["", "hello", '{"format": "qdock.circuit"}', "import qdock\n", "H 0\nCNOT 0 1\n", "DECLARE ro BIT[2]\nX 0\n"],
)
def test_these_are_not(text):
    (spec, *_) = plugin.qdock_converters()
    assert not re.search(spec.pattern, text, re.MULTILINE)


def test_the_core_reads_and_writes_what_the_plugin_brings(tmp_path):
    circuit = qdock.convert(BELL_2)
    assert [step.name for step in circuit] == ["h", "cx"]
    (tmp_path / "bell.qasm").write_text(BELL_2)
    assert qdock.convert(tmp_path / "bell.qasm") == circuit
    assert qdock.convert(circuit, "openqasm").startswith("OPENQASM 3.0;")
    assert qdock.convert(circuit, "openqasm2").startswith("OPENQASM 2.0;")


def test_an_error_in_a_text_comes_with_its_place():
    with pytest.raises(QdockError, match=r":5:1: undefined gate 'cxx'"):
        qdock.convert(BELL_2.replace("cx q", "cxx q"))
