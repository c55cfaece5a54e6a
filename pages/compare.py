"""Compare: what differs between channels, classes, layers, models and pictures?"""

from unet_explorer.ui.compare_view import compare_view
from unet_explorer.ui.pickers import choose_subject

subject = choose_subject()
if subject is not None:
    compare_view(subject)
