"""What the app does to the jobs room, without Streamlit: submit on a click, then refresh until it is killed.

python app_standin.py PICTURES KEY BARRIER
"""

# ruff: noqa: T201 - it is a program

from __future__ import annotations

import sys
import time
from pathlib import Path

from tests.faults.fake_trainer import __file__ as fake_trainer
from unet_explorer.jobs.desk import Jobs
from unet_explorer.jobs.states import Submission


def main(pictures: Path, key: str, barrier: Path) -> None:
    """Submit under the key once the barrier is there, say so, and refresh for ever."""
    jobs = Jobs()
    print("ready", flush=True)
    while not barrier.exists():
        time.sleep(0.005)
    fake = {"epochs": 3, "steps": 4, "step_s": 0.02}
    job = jobs.submit(Submission({"name": "fake", "fake": fake}, pictures, trainer=(str(fake_trainer),)), key)
    print(job.id, flush=True)
    while True:
        jobs.list()
        jobs.events(job.id)
        jobs.log_tail(job.id)
        time.sleep(0.05)


if __name__ == "__main__":
    main(Path(sys.argv[1]), sys.argv[2], Path(sys.argv[3]))
