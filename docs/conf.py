"""How Sphinx builds these pages: `tox run -e docs`."""

from __future__ import annotations

import re
from importlib.metadata import version as version_of
from pathlib import Path

from sphinx.application import Sphinx
from sphinx.errors import SphinxError

project = "qdock"
author = "the qdock developers"
project_copyright = "the qdock developers"
version = release = version_of("qdock")

extensions = ["myst_parser", "sphinx.ext.autodoc", "sphinx.ext.napoleon"]
exclude_patterns = ["_build", "examples"]
# "tuple of (name, size)": the words of a type are taken for names, and `name` is the name of several things.
suppress_warnings = ["ref.python"]

html_theme = "furo"
html_title = f"qdock {version}"
html_copy_source = False
html_show_sphinx = False

myst_enable_extensions = ["colon_fence", "deflist"]
myst_heading_anchors = 3

default_role = "literal"
add_module_names = False
autodoc_member_order = "bysource"
autodoc_typehints = "signature"
autodoc_default_options = {"members": True}
napoleon_google_docstring = False
napoleon_use_rtype = False

_CALLED = re.compile(r"<(?:script|img|iframe|source)[^>]*\ssrc=\"(?:https?:)?//|<link[^>]*\shref=\"(?:https?:)?//")


def _call_no_outside_host(app: Sphinx, exception: Exception | None) -> None:
    """Fail where a page would fetch anything from another host when it is opened."""
    pages = [] if exception else Path(app.outdir).glob("**/*.html")
    calling = [str(page) for page in pages if _CALLED.search(page.read_text())]
    if calling:
        raise SphinxError(f"These pages fetch something from another host: {', '.join(calling)}.")


def setup(app: Sphinx) -> None:
    app.connect("build-finished", _call_no_outside_host)
