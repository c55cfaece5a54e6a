"""The command line as the jobs room uses it: a real process, real signals, exit codes."""

import json
import os
import signal
import subprocess
import sys
import time
from pathlib import Path

import numpy as np
import pytest
from PIL import Image
from synthetic import make_pair, tiny_recipe

from unet_explorer.cli import main
from unet_explorer.network.card import read_card
from unet_explorer.unet.weights import read_weights

REPOSITORY = Path(__file__).resolve().parents[3]
COLOURS = ((0, 0, 0), (255, 0, 0), (0, 0, 255))


@pytest.fixture
def root(tmp_path):
    """Six pairs in the layout of the "folder" data set."""
    folder = tmp_path / "data"
    classes = [{"id": k, "name": f"thing {k}", "colour": COLOURS[k], "group": "", "void": False} for k in range(3)]
    (folder / "images").mkdir(parents=True)
    (folder / "masks").mkdir()
    (folder / "classes.json").write_text(json.dumps({"name": "things", "classes": classes}))
    for number in range(6):
        pixels, label = make_pair(number)
        Image.fromarray(pixels).save(folder / "images" / f"{number}.png")
        Image.fromarray(label).save(folder / "masks" / f"{number}.png")
    return folder


@pytest.fixture
def recipe(tmp_path):
    def write(**changes):
        defaults = {
            "data": {"name": "folder", "train": "all", "validation": "all"},
            "phases": [{"epochs": 2, "batch": 3}],
        }
        path = tmp_path / "recipe.json"
        path.write_text(tiny_recipe(**{**defaults, **changes}).to_json())
        return str(path)

    return write


def command(*words):
    return [sys.executable, "-m", "unet_explorer", *map(str, words)]


def environment(tmp_path):
    return {**os.environ, "TF_CPP_MIN_LOG_LEVEL": "3", "UNET_EXPLORER_DATA_DIR": str(tmp_path / "home")}


def test_sigterm_saves_and_resume_finishes_and_exports(tmp_path, root, recipe):
    long = recipe(phases=[{"epochs": 10_000, "batch": 3}], every={"log": 1, "validation": 1000, "checkpoint": 1000})
    words = ["train", "--recipe", long, "--root", root, "--run-dir", tmp_path / "run", "--out", tmp_path / "tiny"]
    process = subprocess.Popen(command(*words), cwd=REPOSITORY, env=environment(tmp_path), stdout=subprocess.PIPE)
    metrics = tmp_path / "run" / "metrics.jsonl"
    until = time.monotonic() + 120
    while time.monotonic() < until and not (metrics.exists() and '"step"' in metrics.read_text()):
        time.sleep(0.2)
    process.send_signal(signal.SIGTERM)
    out, _ = process.communicate(timeout=60)
    assert process.returncode == 3
    assert b"continue with --resume" in out
    (checkpoint,) = (tmp_path / "run" / "checkpoints").iterdir()
    done = json.loads((checkpoint / "progress.json").read_text())["total_steps"]
    assert done >= 1
    again = f"train --resume --root {root} --run-dir {tmp_path / 'run'} --out {tmp_path / 'tiny'}"
    assert again.encode() in out

    budget = [*command(*again.split()), "--max-seconds", "1"]
    finished = subprocess.run(budget, cwd=REPOSITORY, env=environment(tmp_path), capture_output=True, check=False)
    assert finished.returncode == 3
    assert f"going on after step {done}".encode() in finished.stdout
    assert read_weights(tmp_path / "run" / "weights.npz")["conv2d/kernel"].shape == (3, 3, 3, 2)
    assert main(["export", "--run-dir", str(tmp_path / "run"), "--out", str(tmp_path / "tiny"), "--title", "T"]) == 0
    assert read_card(tmp_path / "tiny").title == "T"


def run_main(*words):
    return main([str(word) for word in words])


def test_a_run_from_start_to_model_folder(tmp_path, root, recipe, monkeypatch, capsys):
    monkeypatch.setenv("UNET_EXPLORER_DATA_DIR", str(tmp_path / "home"))
    previous = signal.getsignal(signal.SIGTERM), signal.getsignal(signal.SIGINT)
    try:
        out = tmp_path / "tiny"
        words = ["--root", root, "--run-dir", tmp_path / "run", "--out", out, "--set", "seed=4", "--epochs", 1]
        assert run_main("train", "--recipe", recipe(), *words) == 0
    finally:
        signal.signal(signal.SIGTERM, previous[0])
        signal.signal(signal.SIGINT, previous[1])
    card = read_card(out)
    assert (card.name, card.preset, card.input.height, card.input.low, card.input.high) == (
        "tiny",
        "kitti-16",
        32,
        0,
        1,
    )
    assert card.class_table.names == ("thing 0", "thing 1", "thing 2")
    assert 0 <= card.scores["all"]["mean_iou"] <= 1
    assert json.loads((out / "recipe.json").read_text())["seed"] == 4
    assert len(json.loads((out / "curves.json").read_text())["history"]) == 1
    assert "Exported" in capsys.readouterr().out
    kinds = [json.loads(line)["event"] for line in (tmp_path / "run" / "metrics.jsonl").read_text().splitlines()]
    assert kinds[-2:] == ["export", "end"]
    assert run_main("weights", out, tmp_path / "w.npz") == 0
    ours, shipped = read_weights(tmp_path / "run" / "weights.npz"), read_weights(tmp_path / "w.npz")
    assert all(np.array_equal(ours[name], shipped[name]) for name in ours)


@pytest.mark.parametrize(
    ("words", "sentence"),
    [
        ([], "Say what to train"),
        (["--preset", "kitti-17"], "There is no preset 'kitti-17'; did you mean kitti-16"),
        (["--preset", "zebra"], "There is no preset 'zebra'; known are carla-dice"),
        (["--preset", "lesson"], "There is no preset 'lesson', but a recipe of that name: give it with --recipe."),
        (["--recipe", "lesson", "--preset", "kitti-17"], "There is no preset 'kitti-17'; did you mean kitti-16"),
        (["--recipe", "kitti-17"], "There is no recipe 'kitti-17'; did you mean kitti-16"),
        (["--recipe", "none.json"], "none.json cannot be read"),
        (["--recipe", "models/kitti-16"], "is a folder: give the recipe in it, models/kitti-16/recipe.json"),
        (["--resume", "--run-dir", "runs/none"], "runs/none holds no run to go on with: give the --run-dir of one"),
        (["--recipe", "lesson", "--set", "name=../x"], "name '../x' is none for a folder in runs: say --run-dir"),
        (["--recipe", "lesson", "--set", "phases.².epochs=2"], "² should be a number from 0 to 0"),
        (["--recipe", "lesson", "--set", "every.checkpoint=0"], "checkpoint of the part `every` is 0: give"),
        (["--recipe", "kitti-16", "--data", "kiti"], "did you mean kitti"),
        (["--recipe", "kitti-16", "--set", "optimizer.rate=1"], "no 'optimizer.rate'"),
        (["--recipe", "kitti-16", "--set", "void=Car"], "void of the recipe is 'Car': give a list of names"),
        (["--recipe", "kitti-16", "--max-seconds", "-1"], "--max-seconds is -1: give a number of seconds from 0"),
        (["--recipe", "kitti-16", "--max-seconds", "nan"], "--max-seconds is nan: give a number"),
        (["--recipe", "kitti-16", "--out", "/dev/null/models/tiny"], "/dev/null/models/tiny cannot be made"),
        (["--recipe", "kitti-16", "--out", "/proc/tiny"], "/proc/tiny cannot be made"),
    ],
)
def test_bad_words_are_one_sentence_and_exit_code_2(words, sentence, root, capsys):
    assert run_main("train", "--root", root, *words) == 2
    error = capsys.readouterr().err.strip()
    assert sentence in error
    assert len(error.splitlines()) == 1


@pytest.mark.parametrize(
    ("words", "sentence"),
    [
        (["train", "--set", "phases.0.batch=100000"], "phases.0.batch is 100000"),
        (["export", "--out", "m"], "holds no finished run"),
        (["weights", "nothing", "w.npz"], "nothing does not exist"),
    ],
)
def test_an_error_after_tensorflow_was_loaded_is_one_line_too(words, sentence, root, recipe, tmp_path):
    name, *rest = words
    folders = {"train": ["--recipe", recipe(), "--root", root, "--run-dir", tmp_path / "run"]}
    folders["export"] = ["--run-dir", tmp_path]
    quiet = {name: value for name, value in environment(tmp_path).items() if not name.startswith("TF_")}
    done = subprocess.run(
        command(name, *rest, *folders.get(name, [])), cwd=REPOSITORY, env=quiet, capture_output=True, text=True,
        check=False,
    )  # fmt: skip
    assert (done.returncode, done.stderr.count("\n")) == (2, 1), done.stderr
    assert sentence in done.stderr


def test_a_contradictory_recipe_is_refused_without_waiting_for_keras(root, recipe, tmp_path):
    words = ["train", "--recipe", recipe(), "--root", str(root), "--set", "network.outputs=7"]
    program = f"import sys; from unet_explorer.cli import main; print(main({words}), 'keras' in sys.modules)"
    done = subprocess.run(
        [sys.executable, "-c", program], cwd=REPOSITORY, env=environment(tmp_path), capture_output=True, text=True,
        check=False,
    )  # fmt: skip
    assert "the head has 7 outputs" in done.stderr
    assert done.stdout.split() == ["2", "False"]


@pytest.mark.parametrize("backend", ["foo", "torch"])
def test_a_backend_that_does_not_train_is_refused_before_keras_is_asked(backend, root, monkeypatch, capsys):
    monkeypatch.setenv("KERAS_BACKEND", backend)
    assert run_main("train", "--recipe", "kitti-16", "--root", root) == 2
    assert f"KERAS_BACKEND is {backend!r}: set it to tensorflow" in capsys.readouterr().err


def test_an_out_folder_that_is_no_model_is_refused_before_training(root, recipe, tmp_path, capsys):
    (tmp_path / "mine").mkdir()
    (tmp_path / "mine" / "thesis.txt").write_text("")
    assert run_main("train", "--recipe", recipe(), "--root", root, "--out", tmp_path / "mine") == 2
    assert "is not a model folder" in capsys.readouterr().err


def export_error(run_dir, capsys, *words):
    assert run_main("export", "--run-dir", run_dir, "--out", run_dir / "m", *words) == 2
    return capsys.readouterr().err


def test_exporting_what_is_no_finished_run_is_one_clear_sentence(tmp_path, capsys):
    none = "holds no finished run: train first, or resume it to its end.\n"
    assert export_error(tmp_path / "nowhere", capsys) == f"error: {tmp_path / 'nowhere'} {none}"
    assert export_error(tmp_path, capsys) == f"error: {tmp_path} {none}"
    result = tmp_path / "result.json"
    result.write_text("{")
    assert export_error(result, capsys) == f"error: {result} {none}"
    assert export_error(tmp_path, capsys).startswith(f"error: {result} is damaged: resume the run")
    result.unlink()
    result.mkdir()
    assert export_error(tmp_path, capsys) == f"error: {result} cannot be read (Is a directory): check the run folder.\n"


def test_scores_that_cannot_be_read_are_one_clear_sentence(tmp_path, capsys):
    scores = tmp_path / "scores.json"
    missing = export_error(tmp_path, capsys, "--scores", scores)
    assert missing == f"error: The scores {scores} cannot be read (No such file or directory): give a JSON file.\n"
    scores.write_text("{")
    assert export_error(tmp_path, capsys, "--scores", scores).startswith(
        f"error: The scores {scores} are not valid JSON"
    )


def test_recipes_are_listed_and_shown(capsys):
    assert run_main("recipes", "list", "--json") == 0
    rows = {row["name"]: row for row in json.loads(capsys.readouterr().out)}
    assert rows["kitti-16-article"] == {"name": "kitti-16-article", "preset": "kitti-16", "data": "kitti", "epochs": 30}
    assert run_main("recipes", "show", "tgs-salt") == 0
    assert json.loads(capsys.readouterr().out)["phases"][0]["batch"] == 32
    assert run_main("recipes", "show") == 2
