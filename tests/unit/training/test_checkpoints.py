import os

import numpy as np
import pytest

from unet_explorer.errors import CheckpointError
from unet_explorer.training.checkpoints import (
    LARGEST_FILE,
    Checkpoint,
    Progress,
    list_checkpoints,
    load_checkpoint,
    load_latest,
    save_checkpoint,
)


def checkpoint(epoch, step=0, size=3):
    arrays = {"weights": {"conv2d/kernel": np.arange(size, dtype=np.float32) + epoch}, "random": {}}
    return Checkpoint(Progress("digest", epoch, step, losses=[0.5], history=[{"epoch": 1, "loss": None}]), arrays)


def test_a_checkpoint_comes_back_as_it_was(tmp_path):
    path = save_checkpoint(checkpoint(7, 3), tmp_path)
    back = load_checkpoint(path)
    assert path.name == "000007-000003"
    assert back.progress == checkpoint(7, 3).progress
    assert back.arrays["random"] == {}
    np.testing.assert_array_equal(back.arrays["weights"]["conv2d/kernel"], [7, 8, 9])


def test_large_states_are_split_into_files_that_travel(tmp_path):
    values = {f"layer_{number}": np.full(LARGEST_FILE // 8, number, np.float32) for number in range(5)}
    path = save_checkpoint(Checkpoint(Progress("x", 1), {"optimizer": values}), tmp_path)
    files = sorted(path.glob("optimizer-*.npz"))
    assert len(files) == 3
    assert all(file.stat().st_size < 16 * 2**20 for file in files)
    back = load_checkpoint(path).arrays["optimizer"]
    assert list(back) == list(values)
    assert all(np.array_equal(back[name], values[name]) for name in values)


def test_the_last_two_are_kept_and_ordered_by_time(tmp_path):
    for epoch, step in ((1, 0), (1, 5), (2, 0), (10, 0)):
        save_checkpoint(checkpoint(epoch, step), tmp_path)
    assert [path.name for path in list_checkpoints(tmp_path)] == ["000002", "000010"]


def test_a_checkpoint_of_the_same_epoch_is_replaced(tmp_path):
    save_checkpoint(checkpoint(1), tmp_path)
    path = save_checkpoint(checkpoint(1, size=5), tmp_path)
    assert load_checkpoint(path).arrays["weights"]["conv2d/kernel"].shape == (5,)


def test_a_half_written_folder_is_not_a_checkpoint(tmp_path):
    save_checkpoint(checkpoint(1), tmp_path)
    (tmp_path / ".000002.123").mkdir()
    found, warnings = load_latest(tmp_path)
    assert (found.progress.epoch, warnings) == (1, [])


def test_what_a_killed_run_left_goes_with_the_next_save(tmp_path):
    for name in (".000001.99999999", f".000001.{os.getppid()}", ".hidden"):
        (tmp_path / name).mkdir()
        (tmp_path / name / "weights-0.npz").write_bytes(b"half")
    save_checkpoint(checkpoint(1), tmp_path)
    left = sorted(entry.name for entry in tmp_path.iterdir())
    assert left == sorted(["000001", f".000001.{os.getppid()}", ".hidden"])


@pytest.mark.parametrize("name", ["manifest.json", "progress.json", "weights-0.npz"])
@pytest.mark.parametrize("damage", ["remove", "empty", "flip"])
def test_any_damage_falls_back_to_the_one_before(tmp_path, name, damage):
    save_checkpoint(checkpoint(1), tmp_path)
    file = save_checkpoint(checkpoint(2), tmp_path) / name
    content = bytearray(file.read_bytes())
    content[len(content) // 2] ^= 0xFF
    file.unlink() if damage == "remove" else file.write_bytes(b"" if damage == "empty" else bytes(content))
    found, warnings = load_latest(tmp_path)
    assert found.progress.epoch == 1
    assert len(warnings) == 1
    assert "000002 is damaged" in warnings[0]


def test_nothing_but_damage_is_said(tmp_path):
    (save_checkpoint(checkpoint(1), tmp_path) / "manifest.json").unlink()
    with pytest.raises(CheckpointError, match=r"All checkpoints in .* are damaged: remove the folder"):
        load_latest(tmp_path)


def test_no_checkpoint_is_no_error(tmp_path):
    assert load_latest(tmp_path / "none") == (None, [])


def test_a_folder_that_cannot_be_written_is_one_sentence(tmp_path):
    (tmp_path / "file").write_text("")
    with pytest.raises(CheckpointError, match="could not be written"):
        save_checkpoint(checkpoint(1), tmp_path / "file")
