# SPDX-License-Identifier: MIT
"""What a delta of one item costs the client in a large folder against a small one, both in one mailbox.

Blocks of deltas go to the folders in turn, so that nothing else differs.
"""
import ewsfs
import machine
import mail
from figures import Figure, Target

ROWS = (9,)
LARGE_N, SMALL_N, SIZE = 100000, 100, 200
DELTAS_N, BLOCK_N = 1000, 100


class Folder:
    """Items of it are changed, one after the other."""

    def __init__(self, server, mount, name, changed_n):
        self.server, self.mount, self.name = server, mount, name
        self.path = mount.path / name
        names = mail.mail_in_order(self.path)
        step = max(len(names) // changed_n, 1)
        chosen = names[::step][:changed_n]
        self.ids = [ewsfs.xattr(self.path / name, "user.ews.item_id") for name in chosen]
        self.keys = self.change_keys()
        self.next = 0

    def change_keys(self):
        """Of the chosen items, whatever their names are now."""
        wanted = set(self.ids)
        paths = map(self.path.joinpath, mail.mail_in_order(self.path))
        found = ((ewsfs.xattr(path, "user.ews.item_id"), path) for path in paths)
        return {item: ewsfs.xattr(path, "user.ews.change_key") for item, path in found if item in wanted}

    def deltas(self, number):
        """CPU seconds of the client for so many."""
        before = machine.cpu_seconds(self.mount.process.pid)
        for _ in range(number):
            self.server.op("change", self.name, item=self.ids[self.next % len(self.ids)])
            self.mount.update()
            self.next += 1
        return machine.cpu_seconds(self.mount.process.pid) - before

    def has_all(self):
        """Each of the chosen items has come in another version."""
        now = self.change_keys()
        return self.next >= len(self.ids) and all(now[item] != key for item, key in self.keys.items())


def run(large, small):
    spent = {large: 0.0, small: 0.0}
    for _ in range(DELTAS_N // BLOCK_N):
        for folder in spent:
            spent[folder] += folder.deltas(BLOCK_N)
    return spent[large], spent[small]


def measure(bench, wanted):
    del wanted
    large_n = bench.few(LARGE_N)
    with mail.server("--synthetic", f"{ewsfs.USER}:1:{large_n}:{SIZE}:{mail.SEED}") as server:
        server.op("mkdir", "", name="Small")
        server.op("deliver", "Small", count=SMALL_N, size=SIZE)
        with mail.mounted(server, bench.place, "m") as mount:
            large = Folder(server, mount, "Inbox", SMALL_N)
            small = Folder(server, mount, "Small", SMALL_N)
            figure = Figure(9, f"CPU time of {DELTAS_N:,} deltas in a folder of {large_n:,}, against one of {SMALL_N}",
                            Target(1.2), (f"{large_n:,}", f"{SMALL_N}"))
            mail.settle(mount)
            for _ in range(bench.sync_runs_n):
                ours, theirs = run(large, small)
                figure.ours.append(ours)
                figure.theirs.append(theirs)
            if not (large.has_all() and small.has_all()):
                figure.void = "not every change has come"
            yield figure
