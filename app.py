"""U-Net Explorer's entry point: `streamlit run app.py` serves the pages and the pixels from one process and port."""

import streamlit as st
from starlette.middleware import Middleware

from unet_explorer.ui.document import Styled
from unet_explorer.ui.routes import ROUTES, lifespan

app = st.App("unet_explorer/ui/shell.py", routes=ROUTES, lifespan=lifespan, middleware=[Middleware(Styled)])
