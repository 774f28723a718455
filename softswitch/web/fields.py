"""What fields of requests may be, over and above their type."""

from typing import Annotated

from msgspec import Meta

Word = Annotated[str, Meta(max_length=80, pattern=r"^[^\x00-\x1f\x7f]*$")]
"""An id, a reason, a code."""
Number = Annotated[str, Meta(min_length=1, max_length=100, pattern=r"^[^\x00-\x20\x7f]+$")]
"""A telephone number, an extension or a SIP address."""
Text = Annotated[str, Meta(max_length=200, pattern=r"^[^\x00-\x1f\x7f]*$")]
"""A line for people."""
Seconds = Annotated[float, Meta(ge=0, le=86_400)]
Boost = Annotated[float, Meta(ge=-86_400, le=86_400)]
Instant = Annotated[float, Meta(ge=0, le=10_000_000_000)]
"""Epoch seconds."""
Limit = Annotated[int, Meta(ge=1, le=500, description="How many rows at most.")]
Cursor = Annotated[str, Meta(max_length=400, description="Of the former page; none: the first one.")]
