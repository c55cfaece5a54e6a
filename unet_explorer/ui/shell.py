"""The frame around every page: title, navigation, the house's few rules of style."""

from pathlib import Path

import streamlit as st

from unet_explorer.ui import state

FOLDER = Path(__file__).resolve().parents[2] / "pages"
# Title of each page -> icon and help; its file is named like it. The first is what the bare address opens. (A comment:
# Streamlit would show a string that stands by itself.)
PAGES = {
    "Explore": ("grid_view", "Every layer of the U, every channel of a layer, under the mouse."),
    "Classes": ("palette", "What the network says is where: class map, probabilities, thresholds."),
    "Compare": ("compare", "Channels, classes and layers of any model and picture side by side, and their difference."),
    "Pictures": ("photo_library", "Samples, KITTI and your own pictures."),
    "Models": ("deployed_code", "Every model with its card: data, scores, licence, size."),
    "Train": ("model_training", "Train a network, watch it learn, and open what it became."),
    "Articles": ("menu_book", "Five articles on the U-Net and the paper of 2015: what they teach, every figure alive."),
}

st.set_page_config(page_title="U-Net Explorer", page_icon=str(Path(__file__).with_name("icon.svg")), layout="wide")
st.logo(Path(__file__).with_name("logo.svg"), size="medium")

page = st.navigation(
    [
        st.Page(
            FOLDER / f"{title.lower()}.py",
            title=title,
            icon=f":material/{icon}:",
            default=title == next(iter(PAGES)),
            help=words,
        )
        for title, (icon, words) in PAGES.items()
    ],
    position="top",
)
state.follow_history()
page.run()
