#!/usr/bin/env python3
# SPDX-License-Identifier: GPL-2.0 OR BSD-2-Clause
"""Write the seeds of fuzz_vfu to seed/vfu: one for each command, and longer sessions.

Run this again after a change of the record format (see fuzz_vfu.c) or of the seeds below.
"""
from pathlib import Path
from struct import pack

VERSION, DMA_MAP, DMA_UNMAP, GET_INFO, REGION_INFO, IRQ_INFO = 1, 2, 3, 4, 5, 7
SET_IRQS, READ, WRITE, RESET, MULTI = 8, 9, 10, 13, 15
NO_REPLY, RAM, EVENT = 0x40, 1, 2


def record(kind, body=b"", fds=0):
    return pack("<BBH", kind, fds, len(body)) + body


def poke(page, data):
    return record(0xC0, data, page)


def dma_map(iova, pages, offset, fds=RAM):
    return record(DMA_MAP, pack("<IIQQQ", 32, 3, offset, iova, pages * 4096), fds)


def write(region, off, value, size=4, kind=WRITE):
    return record(kind, pack("<QII", off, region, size) + value.to_bytes(size, "little"))


def read(region, off, size=4):
    return record(READ, pack("<QII", off, region, size))


hello = record(VERSION, pack("<HH", 0, 0) + b'{"capabilities":{}}\0')
irqs = record(SET_IRQS, pack("<IIIII", 20, 0x24, 2, 0, 2), EVENT | EVENT << 2)
master = write(7, 4, 6, 2)
ram = dma_map(0, 64, 0)
started = (
    hello + irqs + ram + master
    + write(0, 0x64, 0) + write(0, 0x60, 0x3000)        # MMIO_RESP
    + write(0, 0x10, 0x0000) + write(0, 0x14, 0) + write(0, 0x18, 32 | 64 << 16)
    + write(0, 0x20, 0x1000) + write(0, 0x24, 0) + write(0, 0x28, 32 | 64 << 16)
    + write(0, 0x4C, 0)
)
alloc_pd = pack("<HBB", 0, 14, 1).ljust(64, b"\0")
get_attr = pack("<HBB", 1, 11, 1).ljust(16, b"\0") + b"\0\1" + bytes(46)

seeds = {
    "version": hello,
    "map": hello + ram + dma_map(0x100000, 1, 4096) + dma_map(0x200000, 1, 0, 0),
    "unmap": hello + ram
    + record(DMA_UNMAP, pack("<IIQQ", 24, 0, 4096, 8192))
    + record(DMA_UNMAP, pack("<IIQQ", 24, 2, 0, 0)),
    "info": hello + record(GET_INFO, pack("<IIII", 16, 0, 0, 0))
    + b"".join(record(REGION_INFO, pack("<IIIIQQ", 64, 0, i, 0, 0, 0)) for i in range(9))
    + b"".join(record(IRQ_INFO, pack("<IIII", 16, 0, i, 0)) for i in range(5)),
    "irqs": hello + irqs + record(SET_IRQS, pack("<IIIII", 20, 0x24, 2, 1, 1))
    + record(SET_IRQS, pack("<IIIII", 20, 0x21, 2, 0, 0)),
    "config": hello + read(7, 0, 64) + master + write(7, 0x44, 3, 2) + read(7, 0xFFC),
    "bars": hello + read(0, 0) + read(0, 0xC000, 8) + read(2, 64, 16) + read(4, 8)
    + write(2, 0x40000, 1 << 500, 64) + write(4, 0x1000, 1) + write(0, 0x10, 1 << 40, 8),
    "multi": hello + record(MULTI, pack("<Q", 2)
                            + pack("<QIIQ", 0x1000, 4, 4, 1) + pack("<QIIQ", 0x10, 0, 8, 0)),
    "reset": started + record(RESET) + read(7, 4, 2),
    "readless": started + write(0, 0x5C, 1 | 0x58 << 16) + write(0, 0x54, 1)
    + write(0, 0x5C, 2 | 0x58 << 16) + write(0, 0x54, 0),
    "admin": started + poke(0, alloc_pd + get_attr) + write(0, 0x2C, 2),
    "quiet": hello + ram + write(4, 0x1000, 1, 4, WRITE | NO_REPLY),
    "raw": hello + record(0x80, pack("<HHIII", 7, RESET, 16, 0, 0)),
}

if __name__ == "__main__":
    folder = Path(__file__).parent / "seed" / "vfu"
    folder.mkdir(parents=True, exist_ok=True)
    for name, data in seeds.items():
        (folder / name).write_bytes(data)
