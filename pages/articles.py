"""Articles: what does each article teach, and where are its figures?"""

from unet_explorer.ui.articles import article_page

article_page()
