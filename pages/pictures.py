"""Pictures: what is there to look at, and how does more get here?"""

from unet_explorer.ui.gallery import gallery

gallery()
