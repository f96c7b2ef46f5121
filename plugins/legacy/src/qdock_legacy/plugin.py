"""What the plugin brings: the three historical simulators, converters of Qobj, and the command ``qdock qobj``."""

from __future__ import annotations
