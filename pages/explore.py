"""Explore: what does every channel of every layer see in this picture?"""

from unet_explorer.ui.pickers import choose_subject
from unet_explorer.ui.workbench import workbench

subject = choose_subject()
if subject is not None:
    workbench(subject)
