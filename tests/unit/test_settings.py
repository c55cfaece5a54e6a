from __future__ import annotations

from pathlib import Path

import pytest

from unet_explorer.errors import SettingError
from unet_explorer.settings import SETTINGS, setting

REPOSITORY = Path(__file__).resolve().parents[2]


def test_default_without_a_variable() -> None:
    assert setting("max_upload_mb", {}) == 64
    assert setting("models_dir", {}) == REPOSITORY / "models"


def test_the_variable_wins_and_takes_the_type_of_the_default() -> None:
    assert setting("max_upload_mb", {"UNET_EXPLORER_MAX_UPLOAD_MB": " 8 "}) == 8
    assert setting("kitti_root", {"UNET_EXPLORER_KITTI_ROOT": "/data/kitti"}) == Path("/data/kitti")
    assert setting("trust_models", {"UNET_EXPLORER_TRUST_MODELS": "Yes"}) is True
    assert setting("ray_address", {"UNET_EXPLORER_RAY_ADDRESS": "http://127.0.0.1:8265"}) == "http://127.0.0.1:8265"


@pytest.mark.parametrize("text", ["", "-1", "0", "3.5", "many", "١٢"])
def test_a_count_that_is_none_names_the_variable(text: str) -> None:
    with pytest.raises(SettingError, match="UNET_EXPLORER_MAX_UPLOAD_MB"):
        setting("max_upload_mb", {"UNET_EXPLORER_MAX_UPLOAD_MB": text})


def test_a_switch_that_is_none_says_what_to_write() -> None:
    with pytest.raises(SettingError, match="write true or false"):
        setting("trust_models", {"UNET_EXPLORER_TRUST_MODELS": "maybe"})


def test_an_unknown_setting_offers_close_names() -> None:
    with pytest.raises(SettingError, match="did you mean models_dir"):
        setting("model_dir", {})


def test_every_setting_is_documented() -> None:
    text = (REPOSITORY / "docs" / "settings.md").read_text(encoding="utf-8")
    missing = [row.variable for row in SETTINGS if f"`{row.variable}`" not in text or row.help not in text]
    assert not missing
