#!/usr/bin/env python3
# SPDX-License-Identifier: GPL-2.0 OR BSD-2-Clause
"""Write the seeds of fuzz_admin to seed/admin: objects are created, used and destroyed.

Run this again after a change of the steps or of the valid commands in fuzz_admin.c.
The names below are in the same order as there.
"""
from pathlib import Path
from struct import pack

COMMANDS = """create_qp modify_qp query_qp destroy_qp create_ah destroy_ah reg_inline
reg_direct reg_indirect dereg_mr create_cq destroy_cq get_feature set_feature get_stats
alloc_pd dealloc_pd alloc_uar dealloc_uar create_eq destroy_eq""".split()
REGISTER, STORE_RAM, STORE_LLQ, DOORBELL, ENGINE, FAULT, UNMAP, COMMAND = range(8)
SIZE_LOG = {1: 0, 2: 1, 4: 2, 8: 3}
KEY, MR_IOVA = 0x100, 0x100000      # key and address of the first region
TABLE = 0x20000


def command(name, *spoils):
    """spoils: (offset, size, value)"""
    out = pack("<BBB", COMMAND, COMMANDS.index(name), len(spoils))
    for at, size, value in spoils:
        out += pack("<BB", at, SIZE_LOG[size]) + value.to_bytes(size, "little")
    return out


def register(off, value):
    return pack("<BBI", REGISTER, off, value)


def store(kind, off, data):
    return pack("<BIB", kind, off, len(data)) + data


def doorbell(off, value):
    return pack("<BII", DOORBELL, off, value)


def engine(turns):
    return pack("<BB", ENGINE, turns)


def fault(bits, opcode=0):
    return pack("<BBB", FAULT, bits, opcode)


def unmap(page):
    return pack("<BI", UNMAP, page)


def wqe(op, length, ah=1):
    sge = pack("<IIQ", length, KEY, MR_IOVA)
    return pack("<HBBHHIHHI12x", 1, op | 0x80, 0x1C, 1, 1, 0, ah, 0, 0) + sge + sge


def post(slot, entry):
    return store(STORE_LLQ, 0x40000 + slot * 64, entry) + doorbell(0x1000, slot + 1)


objects = b"".join(map(command, ["alloc_pd", "alloc_uar", "create_eq", "create_cq",
                                 "create_ah", "reg_inline", "create_qp"]))
rts = (command("modify_qp") + command("modify_qp", (12, 1, 2), (4, 1, 1))
       + command("modify_qp", (12, 1, 3), (4, 1, 9)))
receive = (store(STORE_RAM, 0x10000, pack("<QHHI", MR_IOVA, 1, 4096, KEY | 3 << 30))
           + doorbell(0x1008, 1))
arm = register(0x68, 1 | 1 << 31) + doorbell(0x100008, 1 << 31)
take_down = b"".join(map(command, ["destroy_qp", "dereg_mr", "destroy_ah", "destroy_cq",
                                   "destroy_eq", "dealloc_uar", "dealloc_pd"]))
chain = store(STORE_RAM, TABLE, pack("<QQ", 0x21000, 0x22000))

seeds = {
    "attributes": b"".join(command("get_feature", (17, 1, i)) for i in range(10))
    + b"".join(command("get_stats", (16, 1, i)) for i in range(6)) + command("set_feature"),
    "objects": objects + take_down,
    "busy": objects + b"".join(map(command, ["dealloc_pd", "destroy_cq", "destroy_eq",
                                             "dealloc_uar"])),
    "tables": command("alloc_pd") + command("reg_direct") + chain + command("reg_indirect")
    + command("dereg_mr"),
    "write": objects + rts + arm + post(0, wqe(2, 8192)) + engine(8) + take_down,
    "read": objects + rts + post(0, wqe(1, 100)) + engine(8),
    "send": objects + rts + receive + arm + post(0, wqe(0, 100)) + engine(8),
    "rnr": objects + rts + post(0, wqe(0, 100)) + engine(4) + receive + engine(4),
    "flush": objects + rts + receive + post(3, wqe(0, 1)) + command("modify_qp", (12, 1, 6),
                                                                    (4, 1, 1)) + engine(9),
    "zombie": objects + rts + fault(1) + command("dereg_mr") + post(0, wqe(2, 64)) + engine(4)
    + unmap(0x40) + post(1, wqe(2, 64)) + engine(4) + fault(0) + post(2, wqe(2, 64))
    + engine(4),
    "faults": fault(2) + command("alloc_pd") + fault(0) + fault(4) + command("alloc_pd")
    + fault(0x40, 14) + command("alloc_pd"),
    "reset": objects + register(0x54, 1) + register(0x60, 0x1000) + register(0x5C, 0x580001)
    + register(0x54, 0) + command("alloc_pd"),
    "unmapped": unmap(2) + command("alloc_pd") + unmap(3) + command("alloc_pd"),
}

if __name__ == "__main__":
    folder = Path(__file__).parent / "seed" / "admin"
    folder.mkdir(parents=True, exist_ok=True)
    for name, data in seeds.items():
        (folder / name).write_bytes(data)
