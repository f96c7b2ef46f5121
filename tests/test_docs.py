"""Every command and code block of README.md and docs/ runs, in order, and prints what the page says it prints.

A page is run in a folder of its own that holds ``docs/examples`` and, as a reader may have them, the files in it:
``console`` blocks (``$ command``, then
what it prints) on a terminal of 80 columns, ``sh`` blocks (commands alone), and ``python`` blocks, which share one
interpreter and are followed by a ``text`` block with what they print. In what is shown, ``...`` stands for anything,
and durations and job ids may differ. A line before a block says what else there is to know:

``File `NAME`:``              the block is the content of that file
``<!-- exit status: 2 -->``   the last command of the block ends so
``<!-- not run: REASON -->``  it can't be run here
"""

from __future__ import annotations

import json
import os
import pty
import re
import shutil
import struct
import subprocess
import sys
import termios
from collections.abc import Iterator
from fcntl import ioctl
from itertools import zip_longest
from pathlib import Path
from typing import NamedTuple

import pytest

ROOT = Path(__file__).parent.parent
PAGES = sorted(
    path
    for pattern in ("README.md", "core/README.md", "plugins/*/README.md", "docs/**/*.md")
    for path in ROOT.glob(pattern)
    if "_build" not in path.parts
)

_BLOCK = re.compile(
    r"(?:^(?:<!-- (?P<key>[a-z ]+): (?P<value>.+?) -->|File `(?P<file>.+?)`:)\n+)?"
    r"^```(?P<language>[a-z]+)\n(?P<text>.*?)^```$",
    re.MULTILINE | re.DOTALL,
)
_RUN = ("console", "sh", "python")

#: What the pages call the folder, which is also the home of their reader.
HOME = "/home/ada"

# What differs from run to run, and how both sides are written before they are compared.
_VARYING = (
    (re.compile(r"[^\n]*(\n(\x1b\[\?25h|\r)*\x1b\[1A)?\x1b\[2K"), ""),  # what a progress bar wiped off again
    (re.compile(r"\x1b\[[0-9;?]*[A-Za-z]|\r"), ""),
    (re.compile(r"Compiling the fast engine for this machine[^\n]*\n"), ""),  # where it has not been compiled yet
    (re.compile(r"\b\d+(\.\d+)? (ms|s|µs)\b"), "# s"),
    (re.compile(r"\b\d\.\d{3}\b"), "#.###"),
    (re.compile(r"\b(?=[0-9]*[a-f])[0-9a-f]{20}\b"), "#id"),
    (re.compile(r"[ \t]+$", re.MULTILINE), ""),
)

# The interpreter of a page: one JSON text in, one out, for each block.
_INTERPRETER = """
import contextlib, doctest, io, json, sys, traceback
channel, space = sys.stdout, {"__name__": "__main__"}
for line in sys.stdin:
    code, printed = json.loads(line), io.StringIO()
    with contextlib.redirect_stdout(printed), contextlib.redirect_stderr(printed):
        try:
            if code.startswith(">>>"):
                test = doctest.DocTestParser().get_doctest(code, space, "page", "page", 0)
                doctest.DocTestRunner(optionflags=doctest.ELLIPSIS).run(test, clear_globs=False)
                space.update(test.globs)
            else:
                exec(compile(code, "page", "exec"), space)
        except BaseException:
            traceback.print_exc()
    print(json.dumps(printed.getvalue()), file=channel, flush=True)
"""


class Block(NamedTuple):
    key: str | None
    value: str | None
    file: str | None
    language: str
    text: str
    line: int


def blocks_of(page: Path) -> list[Block]:
    text = page.read_text()
    return [Block(*match.groups(), text.count("\n", 0, match.start("language")) + 1) for match in _BLOCK.finditer(text)]


def normal(text: str) -> str:
    for pattern, replacement in _VARYING:
        text = pattern.sub(replacement, text)
    return text.strip("\n")


def matches(printed: str, shown: str) -> bool:
    pattern = ".*?".join(re.escape(part) for part in normal(shown).split("..."))
    return re.fullmatch(pattern, normal(printed), re.DOTALL) is not None


def steps(text: str) -> Iterator[tuple[str, str]]:
    """The commands of a console block, each with what it is shown to print."""
    for step in re.split(r"^\$ ", text, flags=re.MULTILINE)[1:]:
        command = re.match(r"(?:.*\\\n)*.*\n", step)
        assert command is not None
        yield command[0], step[command.end() :]


class Folder:
    """Where a page is run: a folder, an environment for its commands, and an interpreter for its Python."""

    def __init__(self, path: Path, environ: dict[str, str]) -> None:
        self.path, self.environ = path, environ
        self.python: subprocess.Popen[str] | None = None

    def write(self, name: str, text: str) -> None:
        target = self.path / name
        target.parent.mkdir(parents=True, exist_ok=True)
        target.write_text(text)

    def execute(self, code: str) -> str:
        """Run Python code in the page's interpreter and return what it printed."""
        if self.python is None:
            self.python = subprocess.Popen(
                [sys.executable, "-W", "error", "-c", _INTERPRETER],
                cwd=self.path, env=self.environ, text=True, stdin=subprocess.PIPE, stdout=subprocess.PIPE,
            )  # fmt: skip
        assert self.python.stdin is not None
        assert self.python.stdout is not None
        self.python.stdin.write(json.dumps(code) + "\n")
        self.python.stdin.flush()
        return str(json.loads(self.python.stdout.readline()))

    def call(self, command: str) -> tuple[int, str]:
        """Run a command on a terminal of its own; return its exit status and all it showed."""
        ours, theirs = pty.openpty()
        ioctl(theirs, termios.TIOCSWINSZ, struct.pack("HHHH", 40, 80, 0, 0))
        process = subprocess.Popen(
            ["bash", "-c", command], cwd=self.path, env=self.environ,
            stdin=subprocess.DEVNULL, stdout=theirs, stderr=theirs,
        )  # fmt: skip
        os.close(theirs)
        shown = b"".join(iter(lambda: _read(ours), b""))
        os.close(ours)
        return process.wait(), shown.decode().replace(str(self.path), HOME)

    def close(self) -> None:
        if self.python is not None:
            self.python.communicate()


def _read(terminal: int) -> bytes:
    try:
        return os.read(terminal, 65536)
    except OSError:  # how Linux says that nobody holds the other end any more
        return b""


@pytest.fixture
def folder(tmp_path: Path) -> Iterator[Folder]:
    for place in (tmp_path / "docs" / "examples", tmp_path):
        shutil.copytree(ROOT / "docs" / "examples", place, dirs_exist_ok=True)
    site = tmp_path / "site-packages"
    environ = {
        **os.environ,
        "PATH": os.pathsep.join([str(Path(sys.executable).parent), os.environ["PATH"]]),
        "HOME": str(tmp_path),
        "XDG_DATA_HOME": str(tmp_path / ".local" / "share"),
        "TERM": "xterm",
        "NO_COLOR": "1",
        "MPLBACKEND": "Agg",
        # What a page installs goes into a folder of its own, from this machine alone.
        "PYTHONPATH": str(site),
        "PIP_TARGET": str(site),
        "PIP_NO_INDEX": "1",
        "PIP_NO_DEPS": "1",
        "PIP_NO_BUILD_ISOLATION": "0",  # pip reads this one the other way round: 0 is "no isolation"
        "PIP_QUIET": "2",
        # A page installs a package again when it has changed it.
        "PIP_UPGRADE": "1",
    }
    place = Folder(tmp_path, environ)
    yield place
    place.close()


@pytest.mark.parametrize("page", PAGES, ids=lambda path: str(path.relative_to(ROOT)))
def test_every_block_of_a_page_runs_and_prints_what_is_shown(page: Path, folder: Folder) -> None:
    blocks = blocks_of(page)
    for block, following in zip_longest(blocks, blocks[1:]):
        where = f"{page.relative_to(ROOT)}:{block.line}"
        if block.file is not None:
            folder.write(block.file, block.text)
        elif block.key == "not run" or block.language not in _RUN:
            continue
        elif block.language == "python":
            shown = following.text if following is not None and following.language == "text" else ""
            check_python(folder, block, shown, where)
        else:
            check_commands(folder, block, where)


def check_python(folder: Folder, block: Block, shown: str, where: str) -> None:
    printed = folder.execute(block.text)
    assert matches(printed, shown), f"{where} printed\n{printed}\nbut the page shows\n{shown}"


def check_commands(folder: Folder, block: Block, where: str) -> None:
    commands = list(steps(block.text)) if block.language == "console" else [(block.text, "")]
    assert commands, f"{where}: no line begins with '$ '"
    for index, (command, shown) in enumerate(commands):
        expected = int(block.value or 0) if block.key == "exit status" and index == len(commands) - 1 else 0
        status, printed = folder.call(command)
        assert status == expected, f"{where}: `{command.strip()}` ended with {status}:\n{printed}"
        assert not shown.strip() or matches(printed, shown), (
            f"{where}: `{command.strip()}` showed\n{normal(printed)}\nbut the page shows\n{shown}"
        )


@pytest.mark.parametrize("page", PAGES, ids=lambda path: str(path.relative_to(ROOT)))
def test_every_remark_about_a_block_is_understood(page: Path) -> None:
    remarks = re.findall(r"^<!-- ([a-z ]+): (.+) -->\n+```", page.read_text(), re.MULTILINE)
    assert {key for key, _ in remarks} <= {"exit status", "not run"}


def test_every_link_between_the_pages_leads_to_a_file() -> None:
    broken = [
        f"{page.relative_to(ROOT)}: {target}"
        for page in PAGES
        for target in re.findall(r"\]\((?!https?:|#|mailto:)([^)#\s]+)", page.read_text())
        if not (page.parent / target).exists()
    ]
    assert broken == []


def test_readme_holds_the_two_commands_that_ci_runs() -> None:
    commands = re.findall(r"^python3 -m venv .*$", (ROOT / "README.md").read_text(), re.MULTILINE)
    assert len(commands) == 2
    assert "qdock run docs/examples/bell.qasm" in commands[0]
    assert "tox run -e tests" in commands[1]


def test_every_package_carries_the_licence_of_the_repository() -> None:
    licence = (ROOT / "LICENSE").read_bytes()
    packages = [path.parent for path in ROOT.glob("**/pyproject.toml") if (path.parent / "src").is_dir()]
    assert len(packages) >= 3
    assert all((package / "LICENSE").read_bytes() == licence for package in packages)


def test_a_coin_that_keeps_every_promise_takes_at_most_25_lines_and_begins_with_15() -> None:
    blocks = [block for block in blocks_of(ROOT / "docs/how-to/write-a-provider.md") if block.file is not None]
    plugins = [lines_of(block) for block in blocks if str(block.file).endswith("plugin.py")]
    backends = [lines_of(block) for block in blocks if str(block.file).endswith("backend.py")]
    assert plugins[0] + backends[0] <= 15
    assert plugins[1] + backends[1] <= 25


def lines_of(block: Block) -> int:
    return sum(bool(line.strip()) for line in block.text.splitlines())
