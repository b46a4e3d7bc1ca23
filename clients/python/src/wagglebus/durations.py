"""Durations: ``"30s"``, a ``timedelta``, or a number of seconds, as everywhere in Python."""

from __future__ import annotations

import math
import re
from datetime import timedelta
from typing import Union

Duration = Union[str, float, timedelta]
"""``"250ms"``, ``"30s"``, ``"5m"``, ``"2h"``, ``"15d"``; a ``timedelta``; or seconds."""

_FORM = re.compile(r"(\d{1,15}(?:\.\d{1,9})?)(ms|s|m|h|d)", re.ASCII)
_MS = {"ms": 1, "s": 1_000, "m": 60_000, "h": 3_600_000, "d": 86_400_000}


def milliseconds(value: Duration, name: str) -> int:
    """Whole milliseconds. Raises ``ValueError`` for what is not a duration; ``name`` is for its message."""
    if isinstance(value, str):
        match = _FORM.fullmatch(value)
        if match is not None:
            return round(float(match[1]) * _MS[match[2]])
    elif isinstance(value, timedelta):
        if value >= timedelta(0):
            return round(value / timedelta(milliseconds=1))
    elif isinstance(value, (int, float)) and not isinstance(value, bool) and math.isfinite(value) and value >= 0:
        return round(value * 1_000)
    raise ValueError(f'{name} must be a duration such as "250ms" or "30s", a timedelta, or seconds, not {value!r}')
