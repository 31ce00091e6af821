# SPDX-License-Identifier: MIT
"""README's first command, as a newcomer runs it: from a fresh clone."""
import os

import ewsfs


def test_the_demo_runs_from_a_fresh_clone(place):
    clone = place / "clone"
    ewsfs.run("git", "clone", "-q", "--local", ewsfs.ROOT, clone)
    environment = {**os.environ, "EWSFS_DEMO": str(place / "demo")}
    output = ewsfs.run(clone / "contrib" / "demo", env=environment, timeout=600).stdout
    mail = place / "demo" / "mail"
    try:
        assert os.path.ismount(mail)
        for shown in ("$ cd", "grep -rl Fresnel", "user.ews.change_key", "Number of files", "state: idle"):
            assert shown in output
        assert f"fusermount3 -u {mail}" in output
        assert len(output.splitlines()) < 120
    finally:
        ewsfs.run("fusermount3", "-u", mail)
    assert not os.path.ismount(mail)
