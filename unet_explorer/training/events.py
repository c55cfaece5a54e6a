"""What the loop tells the world. It writes no file itself: whoever wants one listens."""

from __future__ import annotations

import time
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from typing import Any, Literal

Kind = Literal["start", "step", "epoch", "preview", "checkpoint", "notice", "export", "end"]


@dataclass(frozen=True)
class TrainingEvent:
    """Something that happened in a training run.

    Attributes:
        kind: "start", "step", "epoch", "preview", "checkpoint", "notice", "export" or "end".
        values: JSON values, such as epoch, step, loss.
        payload: what a listener may need beyond that (pictures of a preview, state of a checkpoint); never in JSON.
        time: unix seconds.
    """

    kind: Kind
    values: Mapping[str, Any]
    payload: Any = None
    time: float = field(default_factory=time.time)

    def to_dict(self) -> dict[str, Any]:
        """One line of metrics.jsonl."""
        return {"event": self.kind, "time": round(self.time, 3), **self.values}


Listener = Callable[[TrainingEvent], None]
