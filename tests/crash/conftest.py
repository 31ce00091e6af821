# SPDX-License-Identifier: MIT
import pathlib
import sys

import pytest

HERE = pathlib.Path(__file__).parent
sys.path[:0] = [str(HERE), str(HERE.parent / "model"), str(HERE.parent / "mount")]
import ewsfs  # noqa: E402
from fixtures import needs, new_server, place  # noqa: E402,F401


@pytest.fixture(autouse=True, scope="session")
def needs_fault_points(needs):  # noqa: F811
    if b"EWSFS_FAULT" not in ewsfs.EWSFS.read_bytes():
        pytest.skip("needs a build with -Dfaults=true: EWSFS_BUILD=build-faulty")
