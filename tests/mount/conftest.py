# SPDX-License-Identifier: MIT
import pathlib
import sys

sys.path.insert(0, str(pathlib.Path(__file__).parent))
from fixtures import fuse_for_all, needs, new_mount, new_server, place, small, user  # noqa: E402,F401
