"""The frame around every page: title, navigation, the house's few rules of style."""

from pathlib import Path

import streamlit as st

REPOSITORY = Path(__file__).resolve().parents[2]

st.set_page_config(page_title="U-Net Explorer", page_icon=str(Path(__file__).with_name("icon.svg")), layout="wide")
st.html(Path(__file__).with_name("shell.css"))
st.logo(Path(__file__).with_name("logo.svg"), size="medium")

page = st.navigation(
    [
        st.Page(
            REPOSITORY / "pages" / "explore.py",
            title="Explore",
            icon=":material/grid_view:",
            default=True,
            help="Every layer of the U, every channel of a layer, under the mouse.",
        ),
        st.Page(
            REPOSITORY / "pages" / "classes.py",
            title="Classes",
            icon=":material/palette:",
            help="What the network says is where: class map, probabilities, thresholds.",
        ),
        st.Page(
            REPOSITORY / "pages" / "compare.py",
            title="Compare",
            icon=":material/compare:",
            help="Channels, classes and layers of any model and picture side by side, and their difference.",
        ),
        st.Page(
            REPOSITORY / "pages" / "pictures.py",
            title="Pictures",
            icon=":material/photo_library:",
            help="Samples, KITTI and your own pictures.",
        ),
        st.Page(
            REPOSITORY / "pages" / "models.py",
            title="Models",
            icon=":material/deployed_code:",
            help="Every model with its card: data, scores, licence, size.",
        ),
        st.Page(
            REPOSITORY / "pages" / "train.py",
            title="Train",
            icon=":material/model_training:",
            help="Train a network, watch it learn, and open what it became.",
        ),
    ],
    position="top",
)
page.run()
