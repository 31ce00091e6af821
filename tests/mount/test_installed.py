# SPDX-License-Identifier: MIT
"""What comes with the programs: manual pages, the systemd user unit, the line for updatedb."""
import os
import re
import shutil
import subprocess

import ewsfs
import pytest

CONTRIB = ewsfs.ROOT / "contrib"


@pytest.fixture
def page():
    """The text of ewsfs(1), without what formats it."""
    path = ewsfs.BUILD / "contrib" / "man" / "ewsfs.1"
    if not path.exists():
        pytest.skip("built without scdoc")
    text = path.read_text().replace("\\&", "").replace("\\-", "-")
    return re.sub(r"\\f[BIR]", "", text).replace("\\\\", "\\").replace("\\(aq", "'")


def help_rows():
    """Name, help and default of each option, as -h has them."""
    text = ewsfs.run(ewsfs.EWSFS, "-h").stdout
    rows = re.findall(r"^ {4}([a-z_]+)(=[A-Z]+)? +(.*?)(?: \(([^()]*)\))?$", text.split("Options", 1)[1], re.M)
    assert len(rows) > 20
    return rows


def test_the_manual_lists_the_options_of_the_program(page):
    listed = page.split(".SH OPTIONS", 1)[1].split(".SH CONFIGURATION", 1)[0]
    expected = [f"{name}{value}\n.RS 4\n{text}." + (f" Default: {default}." if default else "")
                for name, value, text, default in help_rows()]
    found = re.findall(r"^[a-z_]+(?:=[A-Z]+)?\n\.RS 4\n.*$", listed, re.M)
    assert found == expected


@pytest.mark.parametrize("word", [
    "rsync -c", "borg", "restic", "inotify", "content=ondemand", "renews every name", "password_command=", "fuse.ewsfs",
    "user_allow_other", "EXIT STATUS", "FILES", "PRUNEFS", "systemctl --user enable"])
def test_the_manual_speaks_of_what_people_trip_over(page, word):
    assert word in page


def test_every_command_of_ewsctl_is_in_its_manual():
    text = (CONTRIB / "man" / "ewsctl.1.scd").read_text()
    names = re.findall(r"^ {4}([a-z]+) ", ewsfs.run(ewsfs.EWSFS.parent / "ewsctl", "-h").stdout, re.M)
    assert len(names) > 8
    assert [name for name in names if f"\n*{name}*" not in text] == []


def test_what_is_installed_is_what_users_need(place):
    ewsfs.run("meson", "install", "-C", ewsfs.BUILD, "--no-rebuild", "--quiet", "--destdir", place)
    names = {path.name for path in place.rglob("*") if path.is_file()}
    assert {"ewsfs", "ewsctl", "ewsfs@.service"} <= names <= {"ewsfs", "ewsctl", "ewsfs@.service", "ewsfs.1", "ewsctl.1"}


def test_systemd_finds_nothing_wrong_with_the_unit(place):
    if not shutil.which("systemd-analyze"):
        pytest.skip("needs systemd-analyze")
    text = (CONTRIB / "systemd" / "ewsfs@.service.in").read_text()
    unit = place / "ewsfs@work.service"
    unit.write_text(text.replace("@bindir@", str(ewsfs.EWSFS.parent)))
    result = subprocess.run(["systemd-analyze", "--user", "verify", "--man=no", unit], stderr=subprocess.PIPE, text=True,
                            env={**os.environ, "XDG_RUNTIME_DIR": str(place)})
    assert unit.name not in result.stderr and result.returncode == 0, result.stderr


@pytest.mark.parametrize("before, after", [
    ('PRUNEFS="NFS fuse.sshfs"', 'PRUNEFS="NFS fuse.sshfs fuse.ewsfs"'), ('PRUNEFS = ""', 'PRUNEFS = " fuse.ewsfs"'),
    ('PRUNEFS="fuse.ewsfs"', 'PRUNEFS="fuse.ewsfs"'), ('PRUNEPATHS="/tmp"', 'PRUNEPATHS="/tmp"')])
def test_the_line_for_updatedb_adds_the_filesystem_once(place, before, after):
    line = re.search(r"^#   (sed .*) /etc/updatedb.conf$", (CONTRIB / "updatedb.conf").read_text(), re.M)[1]
    (place / "updatedb.conf").write_text(before + "\n")
    for _ in range(2):
        ewsfs.run("sh", "-c", f"{line} {place}/updatedb.conf")
    assert (place / "updatedb.conf").read_text() == after + "\n"
