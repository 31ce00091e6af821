# SPDX-License-Identifier: MIT
"""Laptop life: a machine that sleeps, networks that swallow packets, change and come back, a password that
changes. Nothing here polls, so whatever brings the mount in step is its own finding. The aim is 15 s from the
return of the network on; what is asserted is generous, what was measured is printed (pytest -s)."""
import contextlib
import errno
import itertools
import mmap
import os
import pathlib
import random
import signal
import struct
import subprocess
import threading
import time

import ewsfs
import pytest
from test_polling import wait_until
from test_tls import certificate
from test_watch import SELDOM, arrives, asked, control, log_of

IN_STEP_S = 60  # asserted, where the aim is 15
FAR_S = 30      # longer than any connection survives a silence


@pytest.fixture
def needs_faults():
    if b"EWSFS_CLOCK_AHEAD" not in ewsfs.EWSFS.read_bytes():
        pytest.skip("needs a build with -Dfaults=true: EWSFS_BUILD=build-faulty")


class Clock:
    """The mount's own, which can be set ahead."""

    def __init__(self, path):
        path.write_bytes(bytes(8))
        self.env = {"EWSFS_CLOCK_AHEAD": str(path)}
        with open(path, "r+b") as file:
            self.map = mmap.mmap(file.fileno(), 8)
        self.ahead_s = 0

    def jump(self, seconds):
        self.ahead_s += seconds
        self.map[:] = struct.pack("q", self.ahead_s * 10**9)


class Network:
    """A namespace with one link, of whose ends the server has .1 and the mount .2; it has no other way."""
    numbers = itertools.count()

    def __init__(self):
        self.name = f"ewsfs-{os.getpid()}-{next(self.numbers)}"
        self.link = f"ve{os.getpid() % 10**7}x{next(self.numbers)}"
        self.subnet = f"198.18.{random.randrange(256)}"
        self.inside = ("nsenter", f"--net=/run/netns/{self.name}")
        self.address = None
        try:
            self.run("ip", "netns", "add", self.name)
            self.run("ip", "link", "add", self.link, "type", "veth", "peer", "name", "eth0", "netns", self.name)
        except (OSError, subprocess.CalledProcessError):
            self.close()
            pytest.skip("network namespaces are not allowed here")
        self.run("ip", "address", "add", f"{self.subnet}.1/24", "dev", self.link)
        self.run("ip", "link", "set", self.link, "up")
        self.run(*self.inside, "ip", "link", "set", "eth0", "up")
        self.move_to(2)

    @staticmethod
    def run(*words, **more):
        subprocess.run(words, check=True, stderr=subprocess.PIPE, text=True, **more)

    def move_to(self, number):
        """Another address, and the one before is nobody's."""
        if self.address:
            self.run(*self.inside, "ip", "address", "del", self.address, "dev", "eth0")
        self.address = f"{self.subnet}.{number}/24"
        self.run(*self.inside, "ip", "address", "add", self.address, "dev", "eth0")

    def unplug(self):
        self.run(*self.inside, "ip", "link", "set", "eth0", "down")

    def plug(self):
        self.run(*self.inside, "ip", "link", "set", "eth0", "up")

    def swallow(self, what=""):
        """From now on packets vanish, both ways."""
        self.run(*self.inside, "nft", "-f", "-", input=f"""table inet t {{
            chain out {{ type filter hook output priority 0; {what.format("sport")} drop; }}
            chain in {{ type filter hook input priority 0; {what.format("dport")} drop; }}
        }}""")

    def swallow_open(self, mount):
        """... those of the connections that there are, as a router does that has forgotten them."""
        lines = pathlib.Path(f"/proc/{mount.process.pid}/net/tcp").read_text().splitlines()[1:]
        ports = {int(line.split()[1].split(":")[1], 16) for line in lines if line.split()[3] == "01"}
        assert ports
        self.swallow(f"tcp {{}} {{{{ {', '.join(map(str, ports))} }}}}")

    def mend(self):
        self.run(*self.inside, "nft", "flush", "ruleset")

    def close(self):
        subprocess.run(["ip", "netns", "del", self.name], stderr=subprocess.DEVNULL)


@pytest.fixture
def network():
    network = Network()
    yield network
    network.close()


@pytest.fixture
def far(network, place, new_server, new_mount):
    """Makes a server and a mount at the other end of the link."""
    def make(*options, items=30, env=None):
        address = f"{network.subnet}.1"
        server = new_server("--synthetic", f"{ewsfs.USER}:3:{items}:3000:7", "--tls",
                            certificate(place, "server", f"IP:{address}"), address="0.0.0.0")
        mount = new_mount(f"https://{address}:{server.port}/EWS/Exchange.asmx", f"cafile={place}/ca.pem",
                          "notify=auto", SELDOM, *options, env=env, prefix=network.inside, dirty_log=True)
        return server, mount
    return make


@pytest.fixture
def near(small, new_mount):
    """Makes a mount of `small`."""
    def make(env=None):
        return new_mount(small, "notify=auto", SELDOM, env=env, dirty_log=True)
    return make


def is_in_step(mount):
    return mount.status()["state"] == "idle" and "tells of changes" in log_of(mount)


class Readers:
    """Somebody who reads everything over and over, and how long one call takes at most."""

    def __init__(self, mount):
        self.mount, self.longest_s, self.rounds_n, self.failure = mount, 0, 0, None
        self.is_ending = False
        self.thread = threading.Thread(target=self.run)

    def timed(self, call, *args):
        begun = time.monotonic()
        result = call(*args)
        self.longest_s = max(self.longest_s, time.monotonic() - begun)
        return result

    def read(self):
        for path in self.timed(self.mount.files):
            self.timed(path.read_bytes)
            self.timed(ewsfs.xattrs, path)
        self.timed(os.statvfs, self.mount.path)
        self.timed(self.mount.status)

    def run(self):
        try:
            while not self.is_ending:
                self.read()
                self.rounds_n += 1
                time.sleep(0.2)
        except Exception as failure:  # told where the test looks
            self.failure = failure

    def __enter__(self):
        self.thread.start()
        return self

    def __exit__(self, *_):
        self.is_ending = True
        self.thread.join()
        assert not self.failure and self.rounds_n > 0
        assert self.longest_s < 5, "I5: a reader waited"


def measure(what, holds, seconds=IN_STEP_S):
    begun = time.monotonic()
    wait_until(holds, seconds)
    print(f"\n{what}: {time.monotonic() - begun:.1f} s")


def deliver(server):
    return server.op("deliver", "Inbox", count=1)[0]


def has(mount, *ids):
    return lambda: set(ids) <= set(mount.by_item_id())


def pause(seconds):
    """So long the world is as it is: what is tested is the time itself."""
    time.sleep(seconds)


def update_fails(mount, number, seconds):
    begun = time.monotonic()
    with pytest.raises(OSError) as failure:
        mount.update()
    took_s = time.monotonic() - begun
    assert failure.value.errno == number and took_s < seconds
    return took_s


# --- sleep ---

@contextlib.contextmanager
def stopped(mount):
    os.kill(mount.process.pid, signal.SIGSTOP)
    yield
    os.kill(mount.process.pid, signal.SIGCONT)


def test_after_a_suspend_the_mount_is_in_step(small, near, place, needs_faults):
    clock = Clock(place / "clock")
    mount = near(env=clock.env)
    wait_until(lambda: is_in_step(mount))
    with stopped(mount):
        control(small, "notify", suppress=True)
        lost = deliver(small)
        control(small, "notify", suppress=False)
        clock.jump(600)
    measure("after a suspend", has(mount, lost))
    arrives(mount, small)


def test_a_suspend_in_which_the_router_forgot_the_connections(network, far, place, needs_faults):
    clock = Clock(place / "clock")
    server, mount = far(env=clock.env)
    wait_until(lambda: is_in_step(mount))
    with stopped(mount):
        network.swallow_open(mount)
        lost = deliver(server)
        clock.jump(600)
    with Readers(mount):
        measure("after a suspend, old connections dead", has(mount, lost))
    arrives(mount, server)


@pytest.mark.parametrize("how", ["close", "reset", "error"])
def test_a_stopped_mount_whose_stream_ended_is_in_step_when_it_goes_on(small, near, how):
    mount = near()
    wait_until(lambda: is_in_step(mount))
    with stopped(mount):
        control(small, "drop", how=how)
        lost = deliver(small)
        pause(3)
    measure(f"after a stop, {how}", has(mount, lost))
    arrives(mount, small)


# --- networks ---

@pytest.mark.slow
def test_a_network_that_swallows_packets_under_a_stream(network, far):
    server, mount = far()
    wait_until(lambda: is_in_step(mount))
    with Readers(mount):
        network.swallow()
        lost = deliver(server)
        wait_until(lambda: mount.status()["state"] == "offline")
        assert lost not in mount.by_item_id()
        print(f"\nupdate without a network: {update_fails(mount, errno.EHOSTDOWN, 90):.1f} s")
        network.mend()
        measure("after packets were swallowed", has(mount, lost))
    arrives(mount, server)


@pytest.mark.parametrize("seconds", [5, pytest.param(FAR_S, marks=pytest.mark.slow)])
def test_a_network_that_swallows_packets_within_the_first_sync(network, far, seconds):
    server, mount = far("connections=2", items=1500)
    wait_until(lambda: len(mount.files()) > 100)
    with Readers(mount):
        network.swallow()
        before = len(mount.files())
        pause(seconds)
        assert len(mount.files()) < 4500
        network.mend()
        measure(f"requests go on, swallowed for {seconds} s", lambda: len(mount.files()) > before + 20)
    wait_until(lambda: len(mount.files()) == 4500)
    wait_until(lambda: is_in_step(mount))
    assert mount.status().get("quarantined", "0") == "0"
    arrives(mount, server)


@pytest.mark.slow
def test_update_without_a_network_fails_within_the_first_sync(network, far):
    server, mount = far("connections=2", items=1500)
    wait_until(lambda: len(mount.files()) > 100)
    network.swallow()
    print(f"\nupdate within the first sync: {update_fails(mount, errno.EHOSTDOWN, 120):.1f} s")
    network.mend()
    mount.update()
    assert len(mount.files()) == 4500


def test_another_address_under_a_stream(network, far):
    server, mount = far()
    wait_until(lambda: is_in_step(mount))
    with Readers(mount):
        network.move_to(3)
        lost = deliver(server)
        measure("after another address", has(mount, lost))
    arrives(mount, server)


def test_another_address_within_the_first_sync(network, far):
    server, mount = far("connections=2", items=1500)
    wait_until(lambda: len(mount.files()) > 100)
    with Readers(mount):
        network.move_to(3)
        before = len(mount.files())
        measure("requests go on at another address", lambda: len(mount.files()) > before + 20)
    wait_until(lambda: len(mount.files()) == 4500)
    arrives(mount, server)


@pytest.mark.slow
def test_a_network_that_comes_back(network, far):
    server, mount = far()
    wait_until(lambda: is_in_step(mount))
    with Readers(mount):
        network.unplug()
        lost = deliver(server)
        pause(FAR_S)
        update_fails(mount, errno.EHOSTDOWN, 90)
        network.plug()
        measure("after the link came back", has(mount, lost))
    arrives(mount, server)


def test_a_network_that_comes_back_as_another(network, far):
    server, mount = far()
    wait_until(lambda: is_in_step(mount))
    network.unplug()
    network.move_to(4)
    lost = deliver(server)
    pause(10)
    network.plug()
    measure("after another network", has(mount, lost))
    arrives(mount, server)


@pytest.mark.slow
def test_dead_connections_are_found_without_a_word(network, far):
    server, mount = far()
    wait_until(lambda: is_in_step(mount))
    network.swallow_open(mount)
    lost = deliver(server)
    measure("connections that a router forgot", has(mount, lost))
    arrives(mount, server)


def test_update_uses_no_dead_connections(network, far):
    server, mount = far()
    wait_until(lambda: is_in_step(mount))
    network.swallow_open(mount)
    lost = deliver(server)
    begun = time.monotonic()
    mount.update()
    took_s = time.monotonic() - begun
    print(f"\nupdate past dead connections: {took_s:.2f} s")
    assert lost in mount.by_item_id() and took_s < 20
    arrives(mount, server)


# --- passwords ---

RATE = 30  # of the mount's clock
AGAIN_S = 15 * 60 / RATE


@pytest.mark.parametrize("how", [("notify=auto", SELDOM), ("notify=poll", "poll=60")], ids=lambda how: how[0])
def test_a_password_that_changes_under_way(small, new_mount, needs_faults, how):
    control(small, "notify", heartbeat_ms=300)
    mount = new_mount(small, *how, "timeout=600", env={"EWSFS_CLOCK_RATE": str(RATE)}, dirty_log=True)
    wait_until(lambda: len(mount.files()) == 30 and mount.status()["state"] == "idle")
    if how[1] == SELDOM:
        wait_until(lambda: is_in_step(mount))
    small.reset_requests()
    begun = time.monotonic()
    control(small, "password", password="another")
    lost = deliver(small)
    control(small, "drop", how="close")
    with Readers(mount):
        wait_until(lambda: mount.status()["state"] == "auth")
        while time.monotonic() - begun < AGAIN_S + 5:
            update_fails(mount, errno.EACCES, 10)
            assert mount.status()["state"] == "auth" and "login" in mount.status()["last-error"]
            n, minutes = asked(small, "401"), (time.monotonic() - begun) * RATE / 60
            assert n <= 1 + minutes // 15
            time.sleep(0.3)
        print(f"\nlogins with the refused password: {n} in {minutes:.0f} min")
        assert n > 1, "it is tried again, in case that the server was wrong"
    small.reset_requests()
    begun = time.monotonic()
    pathlib.Path(f"{mount.cache}.secret").write_text("another\n")
    wait_until(has(mount, lost), IN_STEP_S)
    print(f"the new password is used after {(time.monotonic() - begun) * RATE:.0f} s of the mount's clock")
    wait_until(lambda: mount.status()["state"] == "idle")
    assert asked(small, "401") == 0 and len(mount.files()) == 31
    arrives(mount, small)


def test_update_after_a_refused_login_fails_at_once(small, near):
    mount = near()
    wait_until(lambda: is_in_step(mount))
    small.reset_requests()
    control(small, "password", password="another")
    took_s = [update_fails(mount, errno.EACCES, 10) for _ in range(5)]
    print(f"\nupdate with a refused password: {max(took_s):.2f} s")
    assert mount.status()["state"] == "auth" and asked(small, "401") == 1
    assert len(mount.files()) == 30
