import io
import json

import pytest
import tensorflow as tf

from unet_explorer.errors import TrainingError
from unet_explorer.training.events import TrainingEvent
from unet_explorer.training.listeners import print_progress, write_metrics
from unet_explorer.training.tensorboard import EventFile

STEP = TrainingEvent(
    "step", {"step": 20, "steps": 300, "loss": 0.51234, "pictures_per_second": 7.25, "eta_s": 3723.4}, time=12.0
)


def test_metrics_are_one_json_object_a_line(tmp_path):
    listen = write_metrics(tmp_path / "metrics.jsonl")
    listen(STEP)
    listen(TrainingEvent("checkpoint", {"epoch": 3}, payload=object(), time=13.0))
    lines = (tmp_path / "metrics.jsonl").read_text().splitlines()
    assert [json.loads(line) for line in lines] == [
        {"event": "step", "time": 12.0, **STEP.values},
        {"event": "checkpoint", "time": 13.0, "epoch": 3},
    ]


def test_metrics_that_cannot_be_written_are_one_sentence(tmp_path):
    with pytest.raises(TrainingError, match="could not be written"):
        write_metrics(tmp_path / "missing" / "metrics.jsonl")(STEP)


def test_progress_is_told_with_the_time_left():
    out = io.StringIO()
    listen = print_progress(out)
    listen(STEP)
    listen(
        TrainingEvent(
            "epoch",
            {"epoch": 2, "epochs": 9, "loss": 0.5, "val_mean_iou": 0.25, "pictures_per_second": 7.0, "eta_s": None},
        )
    )
    listen(TrainingEvent("end", {"message": "Finished"}))
    assert out.getvalue().splitlines() == [
        "  step 20/300  loss 0.5123  7.25 pictures/s  1:02:03 left",
        "epoch 2/9  loss 0.5  val mean IoU 0.25  7 pictures/s  ",
        "Finished",
    ]


def test_tensorflow_reads_the_event_file_back(tmp_path):
    events = EventFile(tmp_path)
    events.scalars({"train/loss": 0.75, "train/learning_rate": 1e-3}, step=300, when=1.5)
    events.scalars({"epoch/val_mean_iou": 0.25}, step=301, when=2.5)
    (path,) = tmp_path.iterdir()
    records = [tf.compat.v1.Event.FromString(record.numpy()) for record in tf.data.TFRecordDataset(str(path))]
    assert records[0].file_version == "brain.Event:2"
    assert [(record.step, record.wall_time) for record in records[1:]] == [(300, 1.5), (301, 2.5)]
    values = {value.tag: value.simple_value for record in records[1:] for value in record.summary.value}
    assert values == pytest.approx({"train/loss": 0.75, "train/learning_rate": 1e-3, "epoch/val_mean_iou": 0.25})
