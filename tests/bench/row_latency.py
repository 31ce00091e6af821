# SPDX-License-Identifier: MIT
"""From the delivery of a message on the server until it has been read in the mount, by streaming."""
import latency
from figures import Figure

ROWS = (14,)
SAMPLES_N, SHORT_N, ITEMS_N = 200, 60, 10000


def measure(bench, wanted):
    del wanted
    samples_n = SAMPLES_N if bench.is_full else SHORT_N
    times = sorted(latency.measure(samples_n, bench.few(ITEMS_N), bench.place))
    yield Figure(14, "delivery to readable, streaming, median", None, unit="ms", ours=times,
                 notes=[f"{samples_n} samples in a mailbox of {bench.few(ITEMS_N):,} items"])
    yield Figure(14, "delivery to readable, streaming, 99th percentile", None, unit="ms",
                 ours=[times[min(len(times) - 1, len(times) * 99 // 100)]])
