"""Programs of any kind to what a backend accepts: recognised without imports, converted by the shortest path."""

import subprocess
import sys
from pathlib import Path

import pytest

from qdock.call import Call
from qdock.circuit import Circuit
from qdock.conversion.formats import native_format
from qdock.convert import Converters
from qdock.discovery.plugins import PluginInfo
from qdock.errors import ConversionError, LimitExceeded, PluginError, ProgramError
from qdock.spec import ConverterSpec

QASM = "OPENQASM 3;\nqubit q;\n"


def spec(source, target="circuit", function="made_up_reader:read", **fields):
    return ConverterSpec(source, target, function, **fields)


QASM3 = spec("openqasm3", suffixes=(".qasm", ".qasm3"), pattern=r"^\s*OPENQASM\s+3")
QASM2 = spec("openqasm2", suffixes=(".qasm", ".qasm2"), pattern=r"^\s*OPENQASM\s+2")
QUIL = spec("quil", suffixes=(".quil",), pattern=r"^DECLARE\s")


@pytest.fixture
def reader(plugin):
    """Write the module that the converters name: `reader(source)`."""

    def write(text):
        plugin("reader", text)

    write(
        "from qdock.circuit import Circuit\n"
        "def read(program, *, path=None):\n"
        "    circuit = Circuit(1)\n"
        "    circuit.metadata.update(program=str(program), path=None if path is None else str(path))\n"
        "    return circuit\n"
    )
    return write


# --- recognising


def test_the_cores_own_programs_are_told_by_their_type():
    assert native_format(Circuit(1)) == "circuit"
    assert native_format(Call(max)) == "call"
    assert native_format(type("Mine", (Circuit,), {})(1)) == "circuit"
    assert [native_format(other) for other in (None, 3, "circuit", Circuit, object())] == [None] * 5


def test_a_circuit_is_itself_and_no_plugin_is_asked():
    def ask():
        raise AssertionError

    converters, circuit = Converters(ask, ask), Circuit(1)
    assert converters.convert(circuit) is circuit
    assert converters.recognise(circuit) == "circuit"
    call = Call(max)
    assert converters.convert(call, ("circuit", "call")) is call
    assert converters.convert(call, "call") is call


@pytest.mark.parametrize(
    "text, expected",
    [
        (QASM, "openqasm3"),
        ("\ufeff" + QASM, "openqasm3"),
        ("// a comment\n\n  OPENQASM 2.0;\n", "openqasm2"),
        ("OPENQASM 3;\r\nqubit q;\r\n", "openqasm3"),
        ("OPENQASM 3; qubit q;", "openqasm3"),
        ("# x\nDECLARE ro BIT\n", "quil"),
        ("DECLARE x\nOPENQASM 3\n", "quil"),
    ],
)
def test_a_text_is_told_by_what_is_found_first_in_it(text, expected):
    assert Converters([QASM3, QASM2, QUIL]).recognise(text) == expected


def test_only_the_beginning_of_a_text_is_looked_at():
    assert Converters([QUIL]).recognise("# a long comment\n" * 50_000 + "DECLARE ro BIT") == "quil"
    with pytest.raises(ConversionError, match="a text of 1048590 characters, is in no format"):
        Converters([QUIL]).recognise(" " * 2**20 + "\nDECLARE a BIT")


@pytest.mark.parametrize(
    "name, text, expected",
    [
        ("a.quil", "anything", "quil"),
        ("a.QUIL", "OPENQASM 3;", "quil"),
        ("a.qasm3", "no version line", "openqasm3"),
        ("a.qasm", "OPENQASM 2.0;", "openqasm2"),
        ("a.qasm", "OPENQASM 3;", "openqasm3"),
        ("a.txt", "OPENQASM 3;", "openqasm3"),
        ("noending", "DECLARE ro BIT", "quil"),
    ],
)
def test_a_file_is_told_by_its_suffix_then_by_its_text(tmp_path, name, text, expected):
    path = tmp_path / name
    path.write_text(text)
    converters = Converters([QASM3, QASM2, QUIL])
    assert converters.recognise(path) == converters.recognise(str(path)) == expected
    assert converters.recognise(text, path=name) == expected


def test_two_formats_that_fit_equally_are_an_error(tmp_path):
    converters = Converters([QASM3, QASM2, spec("other", pattern="^OPENQASM 3")])
    with pytest.raises(
        ConversionError, match=r"may be in any of the formats openqasm3, other\. Leave out .* QDOCK_BLOCK"
    ):
        converters.recognise(QASM)
    (tmp_path / "a.qasm").write_text("no version line")
    with pytest.raises(ConversionError, match=r"a\.qasm may be in any of the formats openqasm3, openqasm2\."):
        converters.recognise(tmp_path / "a.qasm")


class Foreign:
    """A program of another library, as far as the converters know."""


def test_an_object_is_told_by_its_types_full_name(monkeypatch):
    monkeypatch.setattr(Foreign, "__module__", "alien.circuits.deep")
    converters = Converters(
        [spec("alien", type_names=("alien.circuits.deep.Foreign",)), spec("x", type_names=("a.B",))]
    )
    assert converters.recognise(Foreign()) == "alien"
    assert converters.recognise(type("Own", (Foreign,), {})()) == "alien"


def test_an_object_is_told_by_the_name_its_type_is_exported_under(monkeypatch):
    package = type(sys)("alien")
    package.Foreign = Foreign
    monkeypatch.setitem(sys.modules, "alien", package)
    assert Converters([spec("alien", type_names=("alien.Foreign",))]).recognise(Foreign()) == "alien"


def test_the_nearest_base_decides():
    class Near(Foreign):
        pass

    names = [f"{kind.__module__}.{kind.__qualname__}" for kind in (Foreign, Near)]
    converters = Converters([spec("far", type_names=(names[0],)), spec("near", type_names=(names[1],))])
    assert converters.recognise(Near()) == "near"


def test_recognising_imports_nothing():
    program = (
        "import sys\n"
        "from qdock.convert import Converters\n"
        "from qdock.spec import ConverterSpec\n"
        "names = ('numpy.ndarray', 'json.JSONEncoder')\n"
        "specs = [ConverterSpec('alien', 'circuit', 'numpy:array', ('.a',), names, '^A')]\n"
        "before = set(sys.modules)\n"
        "converters = Converters(specs)\n"
        "assert converters.recognise('A') == 'alien'\n"
        "for other in ('B', object(), 3.5):\n"
        "    try:\n"
        "        converters.recognise(other)\n"
        "    except ValueError:\n"
        "        continue\n"
        "    raise AssertionError\n"
        "assert not (set(sys.modules) - before) & {'numpy', 'json'}, set(sys.modules) - before\n"
        "assert 'numpy' not in sys.modules and 'qdock.circuit' not in sys.modules\n"
    )
    subprocess.run([sys.executable, "-c", program], check=True)


# --- unknown programs


def test_an_unknown_text_says_what_is_installed_and_what_to_install():
    with pytest.raises(ConversionError) as caught:
        Converters([QUIL]).recognise(QASM)
    assert str(caught.value) == (
        "The program, a text of 21 characters, is in no format that is installed: circuit, call, quil (.quil). "
        "It looks like OpenQASM: `pip install qdock-openqasm`."
    )


def test_a_name_of_no_file_is_shown():
    with pytest.raises(
        ConversionError, match=r"^The text 'bel\.qasm', which names no file, is in no format .* looks like OpenQASM"
    ):
        Converters().recognise("bel.qasm")
    with pytest.raises(ConversionError, match=r"^The text '', which names no file"):
        Converters().recognise("")


def test_a_name_that_ends_as_programs_files_do_is_of_a_missing_file():
    with pytest.raises(ConversionError, match=r"^There is no file 'bel\.quil', and it is no text .* Check its path\.$"):
        Converters([QUIL]).recognise("bel.quil")
    with pytest.raises(ConversionError, match=r"^The text 'bel', which names no file, is in no format"):
        Converters([QUIL]).recognise("bel")


def test_an_unknown_file_is_named_and_not_shown(tmp_path):
    path = tmp_path / "secret.txt"
    path.write_text("hunter2")
    with pytest.raises(
        ConversionError, match=r"^The file .*secret\.txt is in no format that is installed: circuit, call\. Install"
    ) as e:
        Converters().recognise(path)
    assert "hunter2" not in str(e.value)


@pytest.mark.parametrize(
    "program, message",
    [
        (max, r"A program of type builtins\.builtin_function_or_method is in no format.*run as `qdock\.Call\(function"),
        (b"OPENQASM", r"A program of type builtins\.bytes is in no format.*Decode it to a text first"),
        (None, r"A program of type builtins\.NoneType is in no format.*Install a plugin that converts it"),
        (3, r"A program of type builtins\.int is in no format"),
        (
            iter([Circuit(1)]),
            r"builtins\.list_iterator is in no format.*Several programs are given as one list or tuple",
        ),
    ],
)
def test_an_unknown_object_says_what_to_do(program, message):
    with pytest.raises(ConversionError, match=message):
        Converters().convert(program)


def test_a_plugin_that_is_not_used_is_named_with_the_reason():
    plugins = [
        PluginInfo("openqasm", "qdock-openqasm", "1", "m", "blocked", "'openqasm' blocks it (QDOCK_BLOCK)."),
        PluginInfo("other", "other", "1", "m", "blocked", "not of interest"),
        PluginInfo("odd", "odd", "1", "m", "broken", "The import failed."),
        PluginInfo("fine", "fine", "1", "m", "loaded"),
    ]
    with pytest.raises(ConversionError) as caught:
        Converters((), plugins).convert(QASM)
    assert str(caught.value).endswith(
        " It looks like OpenQASM. Plugin 'openqasm' is installed but blocked: 'openqasm' blocks it (QDOCK_BLOCK)."
        " Plugin 'odd' is installed but broken: The import failed."
    )


# --- ways


def ways(*pairs):
    return [ConverterSpec(*pair.split(">"), f"made_up_reader:to_{pair.split('>')[1]}") for pair in pairs]


@pytest.mark.parametrize(
    "pairs, source, accepts, way",
    [
        (["a>circuit"], "a", "circuit", ["circuit"]),
        (["a>b", "b>circuit", "circuit>c"], "a", "c", ["b", "circuit", "c"]),
        (["a>b", "b>c", "c>circuit", "a>circuit"], "a", ("circuit",), ["circuit"]),
        (["a>x", "a>circuit", "x>b", "circuit>b"], "a", "b", ["circuit", "b"]),
        (["a>x", "x>b", "a>circuit", "circuit>y", "y>b"], "a", "b", ["x", "b"]),
        (["a>b", "a>c"], "a", ("c", "b"), ["c"]),
        (["a>b", "b>c"], "a", ("c", "b"), ["b"]),
        (["a>b", "b>a", "b>circuit"], "a", "circuit", ["b", "circuit"]),
        ([], "a", ("b", "a"), []),
    ],
)
def test_the_shortest_way_is_taken_through_the_hub_if_several_are(pairs, source, accepts, way):
    assert [step.target for step in Converters(ways(*pairs)).path(source, accepts)] == way


def test_of_two_converters_for_the_same_formats_the_first_is_taken():
    first, second = spec("a", function="m:first"), spec("a", function="m:second")
    assert Converters([first, second]).path("a") == [first]


def test_without_a_way_the_error_says_where_the_converters_lead():
    with pytest.raises(
        ConversionError,
        match=r"No converters lead from 'a' to circuit or call\. The installed ones lead from it to b, c\.",
    ):
        Converters(ways("a>b", "b>c")).path("a", ("circuit", "call"))
    with pytest.raises(
        ConversionError, match=r"No converters lead from 'call' to circuit\. None that is installed starts from it\."
    ):
        Converters(ways("a>b")).convert(Call(max))


# --- converting


@pytest.mark.usefixtures("reader")
def test_a_text_is_converted_and_has_no_path():
    circuit = Converters([QASM3]).convert("\ufeff" + QASM)
    assert circuit.metadata == {"program": QASM, "path": None}


@pytest.mark.usefixtures("reader")
def test_a_file_is_converted_and_the_converter_told_which(tmp_path):
    path = tmp_path / "bell.qasm"
    path.write_text(QASM)
    for program in (path, str(path)):
        assert Converters([QASM3]).convert(program).metadata == {"program": QASM, "path": str(path)}
    assert Converters([QASM3]).convert(QASM, path="other.qasm").metadata["path"] == "other.qasm"


@pytest.mark.usefixtures("reader")
def test_a_relative_name_without_a_line_end_is_a_file_if_there_is_one(tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    Path("OPENQASM 3;").write_text("OPENQASM 3; // from the file")
    assert Converters([QASM3]).convert("OPENQASM 3;").metadata["program"] == "OPENQASM 3; // from the file"
    assert Converters([QASM3]).convert("OPENQASM 3;\n").metadata["program"] == "OPENQASM 3;\n"


def test_a_folder_or_a_missing_path_is_refused(tmp_path):
    with pytest.raises(ProgramError, match="is a folder"):
        Converters([QASM3]).convert(str(tmp_path))
    with pytest.raises(ProgramError, match="does not exist"):
        Converters([QASM3]).convert(tmp_path / "none.qasm")


def test_a_program_above_the_limit_is_refused(tmp_path):
    (tmp_path / "a.qasm").write_text(QASM)
    for program in (QASM, tmp_path / "a.qasm"):
        with pytest.raises(LimitExceeded, match="the limit of a program's source"):
            Converters([QASM3], limit=5).convert(program)


def test_several_steps_are_taken_one_after_another(reader):
    reader(
        "from qdock.circuit import Circuit\n"
        "class Middle: ...\n"
        "def to_middle(program): return Middle()\n"
        "def to_circuit(program): return Circuit(len(type(program).__name__))\n"
    )
    specs = [spec("quil", "middle", "made_up_reader:to_middle", pattern="^DECLARE"), *ways("middle>circuit")]
    assert Converters(specs).convert("DECLARE ro BIT").num_qubits == len("Middle")


@pytest.mark.parametrize(
    "body, message",
    [
        ("return None", r"returned a NoneType, which is no program in 'circuit'"),
        ("return 'circuit'", r"returned a str, which is no program in 'circuit'"),
        ("raise KeyError('x')", r"failed: KeyError: 'x'\. That is a fault of the converter\."),
        ("raise RecursionError('deep')", r"failed: RecursionError: deep\."),
    ],
)
def test_a_converter_that_is_wrong_is_named(reader, body, message):
    reader(f"def read(program):\n    {body}\n")
    faulty = ConverterSpec("openqasm3", "circuit", "made_up_reader:read", pattern="^OPENQASM", plugin="odd")
    prefix = r"^Converter 'openqasm3' to 'circuit' of plugin 'odd' \(made_up_reader:read\) "
    with pytest.raises(PluginError, match=prefix + message):
        Converters([faulty]).convert(QASM)


def test_a_converter_to_a_text_or_a_known_type_is_checked(reader):
    reader("def read(program): return [3]\n")
    texts = [spec("quil", "openqasm3", pattern="^DECLARE"), QASM3]
    assert Converters(texts).convert("DECLARE x", "openqasm3") == [3]
    typed = [spec("quil", "alien", pattern="^DECLARE"), spec("alien", type_names=("alien.Thing",))]
    with pytest.raises(PluginError, match="returned a list, which is no program in 'alien'"):
        Converters(typed).convert("DECLARE x", "alien")


def test_an_error_about_the_program_itself_passes(reader):
    reader("from qdock.errors import ProgramError\ndef read(program): raise ProgramError('line 3')\n")
    with pytest.raises(ProgramError, match=r"^line 3$"):
        Converters([QASM3]).convert(QASM)


def test_a_converter_that_can_not_be_imported_is_named(reader):
    reader("import no_such_module_at_all")
    with pytest.raises(PluginError, match=r"^Converter 'openqasm3 to circuit' can't be used: .*no_such_module_at_all"):
        Converters([QASM3]).convert(QASM)


def test_a_builtin_function_may_be_a_converter():
    texts = [spec("quil", "copy", "builtins:str", pattern="^D"), spec("copy", suffixes=(".copy",), type_names=("a.B",))]
    assert Converters(texts).convert("DECLARE", "copy") == "DECLARE"
    assert Converters([spec("quil", "length", "builtins:len", pattern="^D")]).convert("DECLARE", "length") == 7


def test_the_converters_of_a_registry_are_asked_when_needed(registry, state):
    text = "from qdock.spec import *\nfrom qdock.spec import hookimpl\n@hookimpl\ndef qdock_converters():\n"
    made = registry(quil=text + "    yield ConverterSpec('quil', 'length', 'builtins:len', pattern='^DECLARE')\n")
    converters = Converters.of(made)
    converters.convert(Circuit(1))
    assert state(made, "quil").state == "found"
    assert converters.convert("DECLARE", "length") == 7
    made.register(ConverterSpec("length", "circuit", "qdock.circuit:Circuit"))
    assert converters.convert("DECLARE").num_qubits == 7


# --- several programs in one

LISTS = spec("stack", pattern="^STACK", function="made_up_reader:read_all")
WRITER = spec("circuit", "names", function="made_up_reader:write")


def test_a_converter_may_find_several_programs_in_one(reader):
    reader(
        "from qdock.circuit import Circuit\n"
        "def read_all(text): return [Circuit(1, name=name) for name in text.split()[1:]]\n"
        "def write(circuit): return circuit.name + '!'\n"
    )
    assert [circuit.name for circuit in Converters([LISTS]).convert("STACK a b")] == ["a", "b"]
    assert [circuit.name for circuit in Converters([LISTS]).convert("STACK a")] == ["a"]
    assert Converters([LISTS, WRITER]).convert("STACK a b", "names") == ["a!", "b!"]


@pytest.mark.parametrize("body", ["return []", "return [Circuit(1), 3]"])
def test_a_list_of_what_is_no_program_is_a_fault_of_the_converter(reader, body):
    reader(f"from qdock.circuit import Circuit\ndef read_all(text): {body}\n")
    with pytest.raises(PluginError, match="returned a list, which is no program in 'circuit'"):
        Converters([LISTS]).convert("STACK a b")
