"""What a model card's facts look like as text."""

from __future__ import annotations

from typing import Any

import pytest

from unet_explorer.ui.model_cards import data_line

KITTI = {"name": "kitti", "train": "train", "training_pictures": 140, "digest": "2bfe60576b3bb4090295cc4120e308ce"}


@pytest.mark.parametrize(
    ("data", "words"),
    [
        (
            {**KITTI, "validation": None, "validation_pictures": 0, "kept": "last"},
            "KITTI semantics, 140 training pictures, none held back for validation",
        ),
        (
            {**KITTI, "validation": "train", "validation_pictures": 140, "kept": "best"},
            "KITTI semantics, 140 training pictures, validated on the same pictures, best epoch kept",
        ),
        (
            {**KITTI, "name": "mine", "validation": "validation", "validation_pictures": 1042},
            "mine, 140 training pictures, validated on 1,042 pictures",
        ),
        (
            {**KITTI, "extras": [{"name": "scenes"}, {"name": "scenes"}], "validation": None, "validation_pictures": 0},
            "KITTI semantics and made-up scenes, 140 training pictures, none held back for validation",
        ),
        (
            {**KITTI, "extras": ["?", {}], "validation": None, "validation_pictures": 0},
            "KITTI semantics, 140 training pictures, none held back for validation",
        ),
        ({"name": "moon", "year": "1969", "digest": "2bfe60576b3bb4090295cc4120e308ce"}, "name: moon · year: 1969"),
        ({}, ""),
    ],
)
def test_the_data_of_a_card_is_said_in_words(data: dict[str, Any], words: str) -> None:
    assert data_line(data) == words
