#!/usr/bin/env python3
# SPDX-License-Identifier: GPL-2.0 OR BSD-2-Clause
"""Write the inputs that the kernel fuzzer begins with: kernel_seeds.py FOLDER.

Each is what a program or an administrator does in an ordinary life of a buffer; fuzzing makes
something else of it. The numbers of the steps follow from the tables in steps_*.c.
"""
import pathlib
import re
import struct
import sys

HERE = pathlib.Path(__file__).parent
BY_NODE, CLOSED, TOGETHER = 1, 2, 4


def steps():
    """Return the number of each step, in the order in which kernel_fuzz.c adds the tables."""
    names = []
    for part in "vfio", "dmabuf", "importer", "machine":
        text = (HERE / f"steps_{part}.c").read_text()
        names += re.findall(r'\{ "([a-z-]+)", step_', text)
    return {name: number for number, name in enumerate(names)}


OPS = steps()
PAGES = 0x3f << 10       # the value of an export of 64 pages at offset 0
ON, OFF = 6, 0           # PCI_COMMAND: memory and bus mastering, or neither


def step(name, slot=0, other=0, flags=0, value=0):
    return struct.pack("<BBBBIQ", OPS[name], 0, slot, other, flags, value)


def export(slot=0, ranges=1):
    value = sum((PAGES | i * 64) << i * 16 for i in range(ranges))
    return step("export", slot, 0, (ranges - 1) << 8, value & (1 << 64) - 1)


def register(mr=0, slot=0):
    return step("register", slot, mr, 0, 0x3f << 24)


def attach(handle, mode, flags=0, value=0):
    return step("attach", 0, handle, mode | flags, value)


DYNAMIC, PINNED, UNREVOCABLE = 0, 1, 2
LATE, LITTERS, SITS = 0x10, 0x20, 0x40

LIVES = {
    "registered": [export(), register(), step("reset"), step("deregister")],
    "ranges": [export(0, 4), register(), step("command", value=OFF), step("command", value=ON),
               register(1), step("close"), step("close-device")],
    "dynamic": [export(), attach(0, DYNAMIC), step("import"), step("command", value=OFF),
                step("import"), step("command", value=ON), step("import"), step("detach")],
    "pinned": [export(), attach(0, PINNED), step("import"), step("query"), step("reset"),
               step("import"), step("detach")],
    "unrevocable": [step("fence", flags=1), export(), attach(0, UNREVOCABLE), step("import"),
                    step("reset"), step("let-go"), step("detach")],
    "late": [step("timeout", value=5), export(), attach(0, DYNAMIC, LATE, 100), step("import"),
             step("reset"), step("import"), step("detach")],
    "sits": [step("timeout", value=5), export(), attach(0, DYNAMIC, SITS, 40 << 8),
             step("import"), step("sysfs-reset"), step("wait", value=15000), step("reset")],
    "litters": [export(), attach(0, PINNED, LITTERS), step("import"), step("detach")],
    "power": [export(), register(), step("low-power"), step("low-power", flags=1),
              step("power", value=3), step("power", value=0), step("command", value=ON),
              step("runtime-power", flags=1)],
    "sysfs": [export(), register(), step("sysfs-reset"), step("deregister"), register()],
    "shown": [export(), attach(0, DYNAMIC), step("import"), step("debugfs"),
              step("debugfs", flags=1), step("debugfs", flags=2)],
    "watched": [export(), step("watch", 0, 3), step("read-watch", 0, 3, value=200),
                step("reset"), step("read-watch", 0, 3, value=200), step("close-device"),
                step("read-watch", 0, 3, value=200), step("poll")],
    "fences": [export(), step("export-fence", 0, 2, flags=3), register(),
               step("import-fence", 0, 2, flags=2), step("reset"), step("poll"), step("sync")],
    "forked": [export(), register(), step("fork", value=9000), step("close-device"),
               step("close"), step("open", 0, 1)],
    "mapped": [step("map", 0, 1), export(), step("touch", 1, flags=1), step("touch", 1),
               step("command", value=OFF), step("touch", 1), step("map-buffer"), step("unmap", 1)],
    "core": [step("exporter", flags=1), export(), register(), step("reset"),
             step("sysfs-reset"), step("low-power"), step("exporter")],
    "asked": [step("info"), step("event", flags=4), step("event", flags=3), step("feature", 0, 0, 11),
              step("read", 0, 64, flags=7), step("config", 0, 3, flags=4), step("hot-reset", 0, 1),
              step("seek", value=0, flags=2), step("advise"), step("map-dma", 0, 0)],
    "opened": [step("group"), step("open", 0, 1), export(), step("dup", 0, 1), step("close"),
               register(0, 1), step("node")],
}


def main():
    folder = pathlib.Path(sys.argv[1])
    folder.mkdir(parents=True, exist_ok=True)
    for name, life in LIVES.items():
        for suffix, options in ("", 0), ("-node", BY_NODE), ("-together", TOGETHER):
            first = options | (CLOSED if name == "opened" else 0)
            (folder / (name + suffix)).write_bytes(bytes([first]) + b"".join(life))


main()
