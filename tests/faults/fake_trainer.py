"""A trainer without a network: the command line, files and exit codes of `python -m unet_explorer train`, in no time.

Its "weights" are eight numbers modulo a prime that every step mixes, so one step too many, too few or twice changes
them all. The recipe's `fake` object says what it does: epochs, steps, step_s, and how it misbehaves.
"""

# ruff: noqa: T201 - it is a program

from __future__ import annotations

import argparse
import hashlib
import json
import os
import resource
import shutil
import signal
import subprocess
import sys
import time
from pathlib import Path
from types import FrameType
from typing import Any

PRIME = 2_147_483_647
WEIGHTS = 8
KEPT = 2


class Stop:
    """Whether somebody asked to stop."""

    asked = False

    @classmethod
    def ask(cls, number: int, frame: FrameType | None) -> None:
        cls.asked = True


def mixed(weights: list[int], step: int) -> list[int]:
    """The weights after one step."""
    return [(weight * 48_271 + step * (index + 1) + weights[index - 1]) % PRIME for index, weight in enumerate(weights)]


def weights_after(steps: int) -> list[int]:
    """What an uninterrupted run ends with."""
    weights = list(range(1, WEIGHTS + 1))
    for step in range(1, steps + 1):
        weights = mixed(weights, step)
    return weights


class Trainer:
    """One run."""

    def __init__(self, fake: dict[str, Any], run: Path, out: Path) -> None:
        self.fake, self.run, self.out = fake, run, out
        self.steps_an_epoch, self.epochs = fake.get("steps", 4), fake.get("epochs", 3)
        self.total = self.steps_an_epoch * self.epochs
        self.checkpoints = run / "checkpoints"

    def go(self, resume: bool) -> int:
        self.checkpoints.mkdir(parents=True, exist_ok=True)
        step, weights = self.restore() if resume else (0, weights_after(0))
        self.event("start", step=step, epochs=self.epochs, device="fake processor", resumed=resume)
        while step < self.total:
            step += 1
            weights = mixed(weights, step)
            time.sleep(self.fake.get("step_s", 0.02))
            self.event(
                "step", step=step, epoch=1 + (step - 1) // self.steps_an_epoch, epochs=self.epochs, loss=1.0 / step
            )
            if step == self.fake.get("nan_at"):
                print("error: The loss is not finite at step 5: lower the learning rate.", file=sys.stderr)
                return 4
            if step == self.fake.get("crash_at"):
                raise RuntimeError("the fake trainer broke on purpose")
            if step % self.steps_an_epoch == 0:
                self.save(step, weights)
                self.event(
                    "epoch", epoch=step // self.steps_an_epoch, epochs=self.epochs, val_mean_iou=step / self.total
                )
            if Stop.asked:
                self.save(step, weights)
                print("stopped; resume goes on", file=sys.stderr)
                return 3
        time.sleep(self.fake.get("before_export_s", 0.0))
        self.export(weights)
        self.event("end", step=step)
        return 0

    def save(self, step: int, weights: list[int]) -> None:
        """A checkpoint is renamed into place when all of it is on the disk."""
        content = json.dumps(
            {"step": step, "weights": weights, "padding": "x" * self.fake.get("checkpoint_bytes", 0)}
        ).encode()
        temporary = self.checkpoints / f".{step:06d}.part"
        shutil.rmtree(temporary, ignore_errors=True)
        temporary.mkdir()
        (temporary / "weights.json").write_bytes(content)
        time.sleep(self.fake.get("checkpoint_s", 0.0))
        (temporary / "sha256").write_text(hashlib.sha256(content).hexdigest())
        shutil.rmtree(self.checkpoints / f"{step:06d}", ignore_errors=True)
        temporary.rename(self.checkpoints / f"{step:06d}")
        self.event("checkpoint", step=step)
        for path in self.finished()[:-KEPT]:
            shutil.rmtree(path)

    def finished(self) -> list[Path]:
        return sorted(path for path in self.checkpoints.iterdir() if path.name.isdigit())

    def restore(self) -> tuple[int, list[int]]:
        for path in reversed(self.finished()):
            content = (path / "weights.json").read_bytes()
            if hashlib.sha256(content).hexdigest() == (path / "sha256").read_text():
                found = json.loads(content)
                return found["step"], found["weights"]
        return 0, weights_after(0)

    def export(self, weights: list[int]) -> None:
        """The network appears at once, or not at all."""
        temporary = self.out.with_name(f".{self.out.name}.part")
        shutil.rmtree(temporary, ignore_errors=True)
        temporary.mkdir(parents=True)
        (temporary / "weights.json").write_text(json.dumps(weights))
        (temporary / "saved_model.pb").touch()
        if not self.out.exists():
            temporary.rename(self.out)

    def event(self, kind: str, **figures: Any) -> None:
        with (self.run / "metrics.jsonl").open("a") as file:
            file.write(json.dumps({"event": kind, "time": time.time(), **figures}) + "\n")


def have_children(count: int) -> None:
    """Children that detach themselves and do not listen."""
    words = "import signal, time; [signal.signal(n, signal.SIG_IGN) for n in (1, 2, 15)]; time.sleep(600)"
    for index in range(count):
        subprocess.Popen([sys.executable, "-c", words], start_new_session=index % 2 == 0)


def main() -> int:
    parser = argparse.ArgumentParser()
    for option in ("--recipe", "--root", "--run-dir", "--out"):
        parser.add_argument(option, type=Path, required=True)
    parser.add_argument("--resume", action="store_true")
    parsed = parser.parse_args()
    fake = json.loads(parsed.recipe.read_text()).get("fake", {})
    for number in (signal.SIGTERM, signal.SIGINT):
        signal.signal(number, signal.SIG_IGN if fake.get("deaf") else Stop.ask)
    if fake.get("bad_input"):
        print("error: The recipe is bad.", file=sys.stderr)
        return 2
    limit = parsed.root / "largest_file.txt"
    if limit.exists():
        resource.setrlimit(resource.RLIMIT_FSIZE, (int(limit.read_text()),) * 2)
    have_children(fake.get("children", 0))
    # Who ran, and when: two trainers of one job at a time would show here.
    with (parsed.run_dir / "launches.txt").open("a") as file:
        file.write(f"{os.getpid()}\n")
    print("training", flush=True)
    try:
        return Trainer(fake, parsed.run_dir, parsed.out).go(parsed.resume)
    except OSError as error:
        print(f"error: The checkpoint could not be written: {error.strerror}.", file=sys.stderr)
        return 2


if __name__ == "__main__":
    sys.exit(main())
