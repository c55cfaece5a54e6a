"""200 jobs and 100,000 points: a refresh does little work, whatever machine it runs on."""

from __future__ import annotations

import json
import sys
from collections import Counter
from collections.abc import Iterator
from contextlib import contextmanager

import numpy as np
import pytest

from unet_explorer.jobs.desk import Jobs
from unet_explorer.jobs.folder import DataFolder
from unet_explorer.jobs.states import Job, Outcome, State
from unet_explorer.jobs.store import Store

JOBS = 200
POINTS = 100_000
AT_MOST = 300


@pytest.fixture(scope="module")
def crowded(tmp_path_factory: pytest.TempPathFactory) -> Jobs:
    """200 ended jobs, one of them with 100,000 steps."""
    data = DataFolder(tmp_path_factory.mktemp("crowded"))
    store = Store(data)
    recipe = {"name": "long", "padding": ["a recipe has a few kilobytes"] * 60}
    for number in range(JOBS):
        name = f"job-{number:03d}"
        job = Job(
            id=name, key=name, name=name, recipe=recipe, root=data.path, out=data.network(name), launcher="local",
            gpus=0, trainer=("x",), state=State.QUEUED, attempt=0, place=0, created=float(number), queued=0.0,
        )  # fmt: skip
        store.insert(job)
        store.claim(name, 1, "v")
        store.settle(store.job(name), Outcome(State.SUCCEEDED, 0), 1.0, {"epoch": 3, "epochs": 3, "val_mean_iou": 0.2})
        data.job(name).run.mkdir(parents=True)
    with (data.job("job-000").run / "metrics.jsonl").open("w") as file:
        for step in range(1, POINTS + 1):
            loss = 9.0 if step == 54_321 else 1.0 / step
            file.write(
                json.dumps({"event": "step", "step": step, "loss": loss, "learning_rate": 0.001, "eta_s": 1}) + "\n"
            )
    return Jobs(data.path)


def test_a_list_of_200_ended_jobs_opens_no_file_of_theirs(crowded: Jobs) -> None:
    with counted() as work:
        found = crowded.list()
    assert [job.id for job in found[:2]] == ["job-199", "job-198"]
    assert len(found) == JOBS
    assert found[0].progress["val_mean_iou"] == 0.2
    assert work["sqlite3.connect"] <= 3
    assert work["open"] <= 5


def test_a_refresh_of_100_000_points_reads_and_sends_little(crowded: Jobs) -> None:
    first = crowded.events("job-000", at_most=AT_MOST)
    size = (crowded.run_folder("job-000") / "metrics.jsonl").stat().st_size
    assert first.bytes_read == size
    assert first.curves["step.loss"].points == POINTS

    with counted() as work:
        again = crowded.events("job-000", at_most=AT_MOST)
    assert again.bytes_read == 0
    assert work["open"] <= 3
    loss = again.curves["step.loss"]
    assert len(loss.x) <= AT_MOST
    assert (loss.x[0], loss.x[-1], loss.y.max()) == (1, POINTS, 9.0)
    sent = json.dumps([curve.y.astype(np.float32).tolist() for curve in again.curves.values()])
    assert len(sent) < 20_000


class _Audit:
    """Counts what Python does with files and databases while it is on; such a hook cannot be taken out again."""

    def __init__(self) -> None:
        self.counts: Counter[str] | None = None
        sys.addaudithook(self._hook)

    def _hook(self, event: str, arguments: object) -> None:
        if self.counts is not None and event in ("open", "sqlite3.connect"):
            self.counts[event] += 1


_AUDIT = _Audit()


@contextmanager
def counted() -> Iterator[Counter[str]]:
    """Count opened files and database connections."""
    _AUDIT.counts = counts = Counter()
    try:
        yield counts
    finally:
        _AUDIT.counts = None
