"""Classes: what does the network say is where, and how sure is it?"""

from unet_explorer.ui.class_view import class_view
from unet_explorer.ui.pickers import choose_subject

subject = choose_subject()
if subject is not None:
    class_view(subject)
