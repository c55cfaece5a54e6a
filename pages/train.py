"""Train: how does a network learn, and what comes of it?"""

from unet_explorer.ui.training.page import train_page

train_page()
