"""Words that one version of the language reserves and another, or a meaning of it, does not: hidden from the parser."""

from __future__ import annotations

import re

from qdock_openqasm.vocabulary import KEYWORDS

__all__ = ["Masks"]

#: The words that OpenQASM 2 knows as keywords; the parser's others may be names there.
_KEYWORDS_2 = frozenset(
    ("OPENQASM", "include", "qreg", "creg", "gate", "opaque", "if", "measure", "reset", "barrier", "pi")
)
_NEW_KEYWORDS = KEYWORDS - _KEYWORDS_2
_DECLARED_2 = re.compile(
    r"\b(?:qreg|creg)\s+(\w+)|\b(?:gate|opaque)\s+(\w+)\s*(?:\(([^)]*)\))?([^{;]*+)",
)
#: Takes the place of the first letter of a name that is a keyword to the parser: a letter that no keyword begins with.
_MASK = "ᛯ"
_SIGN_2 = re.compile(r"([(,*/^]\s*)\+")
_POW = re.compile(r"\bpow\s*\(")
_AT = re.compile(r"\s*@")
_BRACKETS = re.compile(r"[()]")


class Masks:
    """Changes what the parser would misread in a text, without moving anything, and back.

    In OpenQASM 2 most keywords of OpenQASM 3 are names and a number may have the sign ``+``; in OpenQASM 3 ``pow`` is
    both a modifier and a function.

    Parameters
    ----------
    text : str
        The whole source.
    version : int
        2 or 3.
    """

    def __init__(self, text: str, version: int) -> None:
        self._version = version
        self.names = _names_to_mask(text) if version == 2 else {_MASK + "ow": "pow"} if _POW.search(text) else {}
        self._masked = re.compile(rf"\b(?:{'|'.join(self.names.values())})\b") if self.names else None

    def mask(self, text: str) -> str:
        """Return a piece of the source as the parser shall see it."""
        if self._version == 3:
            return _mask_functions(text) if self.names else text
        if self._masked:
            text = self._masked.sub(lambda match: _MASK + match.group()[1:], text)
        return _SIGN_2.sub(r"\1 ", text) if "+" in text else text

    def unmask(self, message: str) -> str:
        """Return a message of the parser with the names as they were written."""
        for masked, name in self.names.items():
            message = message.replace(masked, name)
        return message


def _names_to_mask(text: str) -> dict[str, str]:
    """The names of an OpenQASM 2 program that the parser would take for keywords of OpenQASM 3, by their masks."""
    if not any(word in text for word in _NEW_KEYWORDS):
        return {}
    found: set[str] = set()
    for match in _DECLARED_2.finditer(text):
        for group in match.groups():
            found.update(re.findall(r"\w+", group or ""))
    return {_MASK + name[1:]: name for name in sorted(found & _NEW_KEYWORDS)}


def _mask_functions(text: str) -> str:
    """Mask each ``pow`` whose brackets are not followed by ``@``."""
    characters = list(text)
    for match in _POW.finditer(text):
        if not _AT.match(text, _end(text, match.end())):
            characters[match.start()] = _MASK
    return "".join(characters)


def _end(text: str, position: int) -> int:
    """Return the position behind the bracket that closes what was opened before `position`."""
    depth = 1
    for match in _BRACKETS.finditer(text, position):
        depth += 1 if match.group() == "(" else -1
        if not depth:
            return match.end()
    return len(text)
