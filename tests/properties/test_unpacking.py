"""Whatever an archive's entries are called, nothing is ever written outside the folder."""

import tempfile
import zipfile
from pathlib import Path

from hypothesis import given
from hypothesis import strategies as st

from unet_explorer.datasets.unpacking import Limits, unpack
from unet_explorer.errors import DatasetError

PARTS = st.sampled_from(["training", "image_2", "..", ".", "", "a.png", "..\\", "C:", "~", "con", "a b", "é"])
NAMES = st.lists(PARTS, min_size=1, max_size=5).map("/".join).filter(bool)


@given(st.lists(NAMES, min_size=1, max_size=4))
def test_no_name_leads_outside(names) -> None:
    with tempfile.TemporaryDirectory() as folder:
        archive, out = Path(folder) / "a.zip", Path(folder) / "deep" / "er" / "out"
        with zipfile.ZipFile(archive, "w") as bundle:
            for name in dict.fromkeys(names):
                bundle.writestr(name, b"x")

        try:
            unpack(archive, out, Limits(folders=("training", "."), entries=10, total=100, ratio=10))
        except DatasetError:
            pass
        except OSError:
            pass  # Such as a file where another entry needs a folder; `download` turns it into a sentence.

        written = {path for path in Path(folder).rglob("*") if path.is_file()} - {archive}
        assert all(path.is_relative_to(out) for path in written)
