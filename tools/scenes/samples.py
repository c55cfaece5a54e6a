"""The twelve sample pictures and the mini set that the repository ships, and the manifest about them."""

from __future__ import annotations

import json
import time
from dataclasses import dataclass, replace
from pathlib import Path

import numpy as np
from PIL import Image

from tools.scenes.labels import NAMES
from tools.scenes.output import Finished, finish, label_image, make_scene, picture_name, save, write_whole
from tools.scenes.scene import Scene
from tools.scenes.themes import THEMES, draw_theme

LICENCE = "CC0-1.0"
SAMPLE_SIZE = (375, 1242)
MINI_SIZE = (188, 621)
MINI_SEED = 7000


@dataclass(frozen=True)
class Shot:
    """One chosen sample: where it comes from and what it teaches.

    Its theme gets no further posts (`Posts`): these places were chosen for what can be seen from them.
    """

    name: str
    theme: str
    seed: int
    title: str
    look_for: str
    weather: str | None = None
    camera: tuple[float, float] | None = None


SHOTS: tuple[Shot, ...] = (
    Shot(
        "parked_cars",
        "terrace",
        1,
        "Parked cars in an old street",
        "Where does one car end and the next begin? The label map has one class for all of them.",
    ),
    Shot(
        "crossing",
        "crossing",
        3,
        "Crossing with pedestrians",
        "Persons, a signal and its pole: small classes that decide a score of classes, not of pixels.",
        "clear",
    ),
    Shot(
        "market_street",
        "market",
        3,
        "Shopping street",
        "Riders and their bicycles are two classes, and only a few pixels wide.",
    ),
    Shot(
        "tram",
        "tram",
        2,
        "Tram line",
        "Rails, ballast and a tram: classes that KITTI shows in few pictures.",
        "clear",
    ),
    Shot(
        "tunnel",
        "tunnel",
        1,
        "Into the tunnel",
        "A class that the article's own colour table missed, and the change from sun to lamp light.",
    ),
    Shot(
        "rain",
        "avenue",
        4,
        "After the rain",
        "The wet road mirrors cars and sky: the pixels of a car's reflection are road.",
        "rain",
    ),
    Shot(
        "low_sun",
        "rural",
        2,
        "Low sun",
        "Against the light everything is dark; what is left are shapes.",
        "low",
    ),
    Shot(
        "garden_street",
        "residential",
        1,
        "Garden street",
        "Hedge, fence, lawn and tree: much the same green, three classes.",
    ),
    Shot(
        "avenue",
        "avenue",
        1,
        "Avenue",
        "Tree crowns against the sky, and dappled shade on one and the same road.",
    ),
    Shot(
        "motorway",
        "highway",
        1,
        "Motorway",
        "Guard rail and noise wall run into the distance; the caravan is not a car.",
    ),
    Shot(
        "forest_road",
        "forest",
        1,
        "Forest road",
        "Bush, grass and tree meet without an edge: where do Vegetation and Terrain part?",
    ),
    Shot(
        "parking_bays",
        "estate",
        1,
        "Parking bays",
        "Road and Parking differ by use, not by colour: the network has to read the context.",
    ),
)


def sample_scene(shot: Shot) -> Scene:
    """The scene of a sample."""
    scene = make_scene(shot.theme, shot.seed, shot.weather, posts=False)
    if shot.camera is not None:
        scene.camera = replace(scene.camera, lateral=shot.camera[0], yaw=shot.camera[1])
    return scene


def mini_scene(index: int, seed: int = MINI_SEED) -> Scene:
    """The scene of a picture of the small training set: every theme twice, then as they are drawn."""
    themes = sorted(THEMES)
    theme = themes[index % len(themes)] if index < len(themes) * 2 else draw_theme(seed + index)
    return make_scene(theme, seed + index)


def render_samples(out: Path, shots: tuple[Shot, ...] = SHOTS, samples: int = 24, only: tuple[str, ...] = ()) -> None:
    """Render the samples that are missing, or only those named, and write the manifest."""
    for shot in shots:
        if shot.name not in only if only else (out / f"{shot.name}_label.png").is_file():
            continue
        start = time.monotonic()
        write_sample(out, finish(shot.name, sample_scene(shot), SAMPLE_SIZE, samples))
        print(f"{shot.name}: {time.monotonic() - start:.1f} s", flush=True)
    write_manifest(out, shots)


def write_sample(out: Path, finished: Finished) -> None:
    """Picture and label map of one sample."""
    save(out / f"{finished.name}.webp", Image.fromarray(finished.picture), quality=93, method=6)
    save(out / f"{finished.name}_label.png", label_image(finished.labels), optimize=True)


def write_manifest(out: Path, shots: tuple[Shot, ...] = SHOTS) -> None:
    """Describe the samples that are there; the classes are read off the label maps."""
    pictures = []
    for shot in shots:
        label = out / f"{shot.name}_label.png"
        if not label.is_file():
            continue
        with Image.open(label) as image:
            ids = np.unique(np.asarray(image))
        pictures.append(
            {
                "file": f"{shot.name}.webp", "label": label.name, "title": shot.title, "look_for": shot.look_for,
                "classes": [NAMES[k] for k in ids], "licence": LICENCE, "seed": shot.seed, "theme": shot.theme,
            }
        )  # fmt: skip
    content = {
        "pictures": pictures,
        "class_table": "kitti",
        "label_format": "palette PNG: index = class id of article A, palette = its colours",
        "licence": LICENCE,
        "made_by": "tools/scenes (Blender as a Python module; no downloaded meshes or textures)",
    }
    write_whole(out / "manifest.json", (json.dumps(content, indent=1) + "\n").encode())


def contact_sheet(folder: Path, out: Path, columns: int = 2, width: int = 414) -> None:
    """All samples of a folder beside their label maps, as one picture."""
    entries = json.loads((folder / "manifest.json").read_text(encoding="utf-8"))["pictures"]
    height = width * 375 // 1242
    sheet = Image.new("RGB", (2 * columns * width, -(-len(entries) // columns) * height))
    for k, entry in enumerate(entries):
        left, top = k % columns * 2 * width, k // columns * height
        for shift, name, how in ((0, "file", Image.Resampling.BOX), (width, "label", Image.Resampling.NEAREST)):
            with Image.open(folder / entry[name]) as image:
                sheet.paste(image.convert("RGB").resize((width, height), how), (left + shift, top))
    save(out, sheet, quality=88, method=6)


def render_mini_set(out: Path, count: int = 48, seed: int = MINI_SEED, samples: int = 8) -> None:
    """The small training set: `image/` and `label/` only, every theme, resumable."""
    for index in range(count):
        name = picture_name(index)
        if (out / "label" / f"{name}.png").is_file():
            continue
        start = time.monotonic()
        scene = mini_scene(index, seed)
        finished = finish(name, scene, MINI_SIZE, samples)
        save(out / "image" / f"{name}.webp", Image.fromarray(finished.picture), quality=92, method=6)
        save(out / "label" / f"{name}.png", label_image(finished.labels), optimize=True)
        print(f"{name} {scene.theme}: {time.monotonic() - start:.1f} s", flush=True)
