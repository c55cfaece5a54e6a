"""`python -m unet_explorer ...`."""

import sys

from unet_explorer.cli import main

if __name__ == "__main__":
    sys.exit(main())
