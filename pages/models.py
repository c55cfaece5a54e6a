"""Models: what is there to look into, and what does each say of itself?"""

from unet_explorer.ui.model_cards import model_cards

model_cards()
