"""What the plugin brings."""

from __future__ import annotations

from collections.abc import Iterator

from qdock.spec import BackendSpec, hookimpl


@hookimpl
def qdock_backends() -> Iterator[BackendSpec]:
    """Yield the backends."""
    yield from ()
