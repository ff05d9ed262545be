#!/usr/bin/env python3
# SPDX-License-Identifier: GPL-2.0 OR BSD-2-Clause
"""Write the seeds of the fuzz_mlx5_* targets to seed/mlx5_*: objects of each kind are made,
used and destroyed, requests of each kind are executed, and keys of each kind are changed.

Run this again after a change of the steps or of the valid commands. The names below are in the
same order as there.
"""
from pathlib import Path
from struct import pack

FIRST_QP = 0x11


def spoil(at, data):
    """len(data): 1, 2, 4 or 8"""
    return pack("<HB", at, len(data).bit_length() - 1) + data


# ---- fuzz_mlx5_cmd ----

COMMANDS = """caps adapter init teardown enable disable pages give take set_caps issi create_key
query_key destroy_key special resume create_eq destroy_eq create_cq destroy_cq query_cq resize_cq
create_qp destroy_qp init rtr rts rts2rts err rst query_qp create_xrc_srq destroy_xrc_srq
query_xrc_srq arm_xrc_srq vport gid pkey alloc_counter dealloc_counter alloc_pd dealloc_pd
alloc_uar dealloc_uar register alloc_xrcd dealloc_xrcd alloc_td dealloc_td create_rmp limit_rmp
destroy_rmp query_rmp""".split()
INIT_QP = 24                        # "init" is also the name of INIT_HCA
(REGISTER, STORE, DOORBELL, ENGINE, FAULT, UNMAP, RESET, POST, WAIT, COMMAND) = range(10)
POOL = 10                           # number of the map that the pool begins with


def command(name, *spoils):
    which = INIT_QP if name == "init" else COMMANDS.index(name)
    return pack("<BBB", COMMAND, which, len(spoils)) + b"".join(spoils)


def commands(names):
    return b"".join(command(name) for name in names.split())


def odd_lengths(name, in_len, out_len):
    return pack("<BBBHH", COMMAND, COMMANDS.index(name), 4 | 8, in_len, out_len)


def undelivered(name, place, spoiled):
    """place: 0 the entry of the queue, 1 and 2 the first mailboxes of input and answer"""
    return pack("<BBBB", COMMAND, COMMANDS.index(name), 0x10, place) + spoiled


def store(page, off, data):
    return pack("<BHHB", STORE, POOL + page, off, len(data)) + data


objects = commands("""alloc_pd alloc_uar create_eq create_cq alloc_xrcd alloc_td alloc_counter
                   create_rmp create_xrc_srq create_key create_qp""")
ready = commands("init rtr rts")
take_down = commands("""destroy_qp destroy_key destroy_xrc_srq destroy_rmp dealloc_counter
                     dealloc_td dealloc_xrcd destroy_cq destroy_eq dealloc_uar dealloc_pd""")
nop = store(2, 256, pack(">II4xBBH", 0, FIRST_QP << 8 | 1, 0, 0, 8))
ring = pack("<BB", DOORBELL, 0) + pack(">II", 0, FIRST_QP << 8)
no_rings = (spoil(34, b"\x80"), spoil(196, b"\x03"), spoil(151, b"\x03"))

cmd_seeds = {
    "objects": objects + ready + take_down,
    "busy": objects + commands("""destroy_cq destroy_eq destroy_rmp destroy_xrc_srq dealloc_pd
                               dealloc_uar dealloc_xrcd teardown"""),
    "queries": objects + commands("""caps adapter pages issi query_key special query_cq resize_cq
                                  query_qp query_xrc_srq query_rmp vport gid pkey register"""),
    "states": objects + ready + commands("rts2rts err rst init rtr rts err rst"),
    "lent": commands("pages give give take take disable"),
    "limits": objects + commands("limit_rmp arm_xrc_srq") + pack("<BB", ENGINE, 4),
    "traffic": objects + ready + nop + pack("<BBB", POST, 0, 1) + ring + pack("<BB", ENGINE, 8),
    "events": objects + pack("<BB", DOORBELL, 2) + pack(">II", 1 << 24 | 8, 0)
    + commands("alloc_pd") + pack("<BB", DOORBELL, 2) + pack(">II", 1 << 24, 0)
    + pack("<BB", DOORBELL, 1) + pack(">II", 0, 2) + commands("alloc_pd"),
    "flush": objects + ready + commands("err") + pack("<BBB", POST, 8, 8) + ring
    + pack("<BB", ENGINE, 9),
    "lengths": odd_lengths("alloc_pd", 8, 16) + odd_lengths("create_qp", 5000, 5000)
    + odd_lengths("caps", 12, 20) + odd_lengths("adapter", 7, 7),
    "undelivered": undelivered("alloc_pd", 0, spoil(0, b"\x08"))
    + undelivered("create_eq", 1, spoil(573, b"\xff"))
    + undelivered("caps", 2, spoil(568, b"\xff\xff\xff\xff"))
    + undelivered("caps", 0, spoil(48, b"\x01" * 8)),
    "unmapped": objects + pack("<BH", UNMAP, 5) + commands("caps") + pack("<BH", UNMAP, 0)
    + commands("alloc_pd"),
    "faults": objects + pack("<BBBH", FAULT, 0x80, 0, 0) + pack("<BB", FAULT, 0x11)
    + commands("destroy_key create_key") + pack("<BB", FAULT, 0) + commands("create_key"),
    "reset": objects + ready + pack("<B", RESET) + commands("enable") + objects,
    "registers": b"".join(pack("<BHB8x", REGISTER, at, how) for at in (0, 4, 16, 20, 0x1fc, 0x23c,
                                                                       0x1000, 0x1010)
                          for how in (8, 9)),
    "answers": b"".join(command("caps", spoil(7, bytes([n]))) for n in (1, 4, 6))
    + b"".join(command("register", spoil(10, pack(">H", n)))
               for n in (0x5004, 0x500f, 0x6001, 0x7004)),
    "key-of-keys": objects + command("create_key", spoil(18, b"\xfe"))
    + odd_lengths("query_key", 12, 0x140),
    "management": objects + command("create_qp", spoil(25, b"\x07")) + ready
    + store(2, 256, pack(">IIBBBB", 0xa, FIRST_QP + 1 << 8 | 1, 0, 0, 0, 8))
    + pack("<BBB", POST, 0, 1) + pack("<BB", DOORBELL, 0) + pack(">II", 0, FIRST_QP + 1 << 8)
    + pack("<BB", ENGINE, 8),
    "no-rings": commands("alloc_pd alloc_uar create_eq create_cq")
    + command("create_qp", *no_rings) + commands("create_cq destroy_qp destroy_cq"),
}

# ---- fuzz_mlx5_wqe ----

(SEND, RECEIVE, TURNS, WRITE, PAGES, RESUME, STATE, DESTROY, LIMIT, PASS, SWITCH, STORE_ANY,
 TAKE_PAGE, BELL) = (0, 3, 5, 7, 8, 9, 10, 11, 12, 13, 14, 15, 16, 17)
OPCODES = "nop send_inval write write_imm send send_imm read swap add".split()
RC, UC, UD, XRC = range(4)
SHARED, NO_EVENTS = 4, 0x40
FOREVER = 7 << 3                    # receivers that are not ready are waited for
OWN, PEER, ABSENT, PEER_ABSENT, READ_ONLY, PEER_READ_ONLY, REMOTE_ONLY, PHYSICAL = range(8)


def place(key, length, at=0):
    return pack("<BHB", key, length, at)


def send(name, *segments, end=0, to=1, spoils=()):
    """segments: where the other side's memory is, if the operation has that, and local ones"""
    where = b""
    local = list(segments)
    if name not in ("nop", "send", "send_imm", "send_inval"):
        where = local.pop(0)
    if name in ("swap", "add"):
        where += pack("<H", 5)
    how = end | to << 1 | len(local) << 2 | len(spoils) << 5
    return (pack("<BBBH", SEND, OPCODES.index(name), how, 7) + where
            + b"".join(segment if segment[:1] == INLINE else b"\0" + segment
                       for segment in local) + b"".join(spoils))


INLINE = b"\x07"
data = INLINE + b"peerbar"
turns = pack("<BB", TURNS, 40)


def receive(key, length, end=1):
    return pack("<BB", RECEIVE, end) + place(key, length)


def share_other(length):
    return pack("<BB", RECEIVE, 2 | 0x40) + place(PEER, length)


def share(index, length, link=None):
    how = 2 | index << 2 | (0 if link is None else 0x20)
    return (pack("<BB", RECEIVE, how) + place(PEER, length)
            + (b"" if link is None else pack("<B", link)))


def pages(key, rights, first=0):
    return pack("<BBB", PAGES, key | rights << 3, first)


def resume(error):
    return pack("<BB", RESUME, error)


def state(end, which=None):
    return pack("<BBB", STATE, end | (2 if which is None else 0) | FOREVER >> 1, which or 0)


def pair(how, *steps):
    return pack("<B", how | FOREVER) + b"".join(steps)


big = place(OWN, 9000)
everything = (send("nop"), send("write", place(PEER, 0), big), send("write_imm", place(PEER, 1)),
              send("read", place(PEER, 0), big), pages(PEER_ABSENT, 3),
              send("swap", place(PEER_ABSENT, 0), place(OWN, 8)),
              send("add", place(PHYSICAL, 0), place(OWN, 8)))
# a fetch-and-add whose old value is delivered in halves, into the word itself
swapped = (pages(ABSENT, 3), pages(PEER_ABSENT, 3), send("write", place(PEER_ABSENT, 0), data),
           send("add", place(PEER_ABSENT, 0), pack("<BHQ", ABSENT | 0x20, 4, 4),
                place(ABSENT, 4)))

wqe_seeds = {
    "rc": pair(RC, receive(PEER, 16384), *everything[:2], turns, *everything[2:], turns,
               receive(PEER, 16384), send("send", big, data), turns, turns),
    "uc": pair(UC, receive(PEER, 16384), receive(PEER, 16384), send("send", big), turns,
               send("write_imm", place(PEER, 0), data), turns, send("read", place(PEER, 0), big),
               turns),
    "ud": pair(UD, receive(PEER, 4096), receive(PEER, 4096), send("send", data, place(OWN, 99)),
               send("send_imm", place(OWN, 2000)), send("send", data), turns,
               receive(PEER, 4096), send("send", data, spoils=[spoil(44, b"\x40")]), turns),
    "armed": pair(RC, *(pack("<BB", BELL, 1) + pack(">II", solicited << 24, cq)
                        for cq, solicited in ((2, 0), (5, 1), (3, 0))), receive(PEER, 64),
                  send("send", data, spoils=[spoil(11, b"\x0a")]), turns),
    "xrc": pair(XRC, share(0, 16384), share(1, 16384), send("send", big), turns, *everything[1:],
                turns, turns),
    "shared": pair(RC | SHARED, share(0, 64), share(1, 64, 7), share(7, 64, 7),
                   pack("<BB", LIMIT, 2), send("send", data), send("send", data), turns,
                   state(1, 4), turns),
    "page-fault-local": pair(RC, send("write", place(PEER, 0), place(ABSENT, 5000)), turns,
                             pages(ABSENT, 3), resume(0), turns, pages(ABSENT, 0),
                             send("read", place(PEER, 0), place(ABSENT, 64)), turns, resume(1),
                             turns),
    "page-fault-remote": pair(RC, pages(PEER, 0, 1), send("write", place(PEER, 0), big), turns,
                              resume(0), turns, pages(PEER, 3), resume(0), turns, turns,
                              send("add", place(PEER_ABSENT, 0, 1), place(OWN, 8)), turns,
                              resume(1), turns),
    "page-fault-receive": pair(RC, receive(PEER_ABSENT, 64), send("send", data), turns,
                               pages(PEER_ABSENT, 3), resume(0), turns),
    "page-fault-shared": pair(RC | SHARED, pages(PEER, 0), share(0, 64), send("send", data),
                              turns, pages(PEER, 3), resume(0), turns),
    "page-fault-gone": pair(RC, send("write", place(PEER_ABSENT, 0), data), turns,
                            pack("<BB", DESTROY, 1 | 8), turns, resume(0), turns),
    "page-fault-alone": pair(RC | NO_EVENTS, send("write", place(PEER_ABSENT, 0), data), turns),
    "protection": pair(RC, send("write", place(READ_ONLY, 0), data), turns, state(0),
                       send("write", place(PEER, 0), place(REMOTE_ONLY, 8)), turns, state(0),
                       send("read", place(PEER, 0), place(READ_ONLY, 8)), turns),
    "not-ready": pair(RC, send("send", big), turns, receive(PEER, 16384), turns, turns),
    "broken-off": pair(RC, receive(PEER, 16384), send("send", big), pack("<BB", TURNS, 3),
                       state(0), send("send", data), turns, state(1, 4), turns),
    "flush": pair(RC, receive(PEER, 64), receive(PEER, 64), send("nop"), state(0, 4),
                  state(1, 4), send("nop"), turns, state(0), turns),
    "late": pair(RC, pack("<BBB", SWITCH, 0x40, 9), send("write", place(PEER, 0), data), turns,
                 pack("<BH", PASS, 9), pack("<BB", SWITCH, 0), send("nop"), turns),
    "unmapped": pair(RC, *(pack("<BH", TAKE_PAGE, n) for n in (3, 5, 7, 9, 30, 40, 50)),
                     send("write", place(PEER, 0), big), turns),
    "swapped": pair(RC, *swapped, turns),
    "gone": pair(XRC, share_other(16384), send("send", big, to=0), pack("<BB", TURNS, 3),
                 pack("<BB", DESTROY, 4 | 8), turns),
    "other-immediate": pair(XRC, share_other(16384), send("send", big, to=0),
                            pack("<BB", TURNS, 3), state(0), share(0, 64),
                            send("write_imm", place(PEER, 0), data), turns),
    "other": pair(XRC, share(0, 16384), share(1, 16384), share_other(16384),
                  send("send", data), turns, send("send", big), pack("<BB", TURNS, 3), state(0),
                  send("send", data, to=0), turns, state(1, 4), turns),
}

# ---- fuzz_mlx5_umr ----

(UMR, ACCESS, KEY, UMR_TURNS, UMR_RECEIVE, REVIVE, UMR_SWITCH, UMR_UNMAP) = (0, 4, 7, 8, 10, 11,
                                                                             12, 13)
ACCESSES = "write write_imm send send_inval read swap add".split()
(MTT, FREE_MTT, KLM, FREE_KLM, KSM, RAW, EMPTY, FIXED, PAIR0, PAIR1) = range(10)
IN_LINE, IF_NOT_FREE, IF_FREE, OFFSET = 0x80, 0x40, 0x20, 0x10
both = pack("<BB", UMR_TURNS, 40)


def mtt(page, rights=3):
    return pack("<B", 1 | rights << 1 | page << 4)


def other(key, own=False):
    return pack("<B", key << 4 | (0 if own else 8))


def umr(key, entries=(), flags=0, mask=None, free=False, by=None, spoils=()):
    """by: the key that names the entries' memory"""
    how = (mask is not None) | free << 1 | len(entries) << 2 | len(spoils) << 5
    return (pack("<BBBB", UMR, key, how, flags | (0 if by is None else 4))
            + (b"" if mask is None else pack("<Q", mask)) + b"".join(entries)
            + (b"" if by is None else pack("<B", by)) + b"".join(spoils))


def access(name, key, *local):
    """local: (bytes, key) each"""
    out = pack("<BBB", ACCESS, ACCESSES.index(name), len(local) << 1) + pack("<B", key)
    if name not in ("send", "send_inval"):
        out += pack("<H", 1)
    if name in ("swap", "add"):
        out += b"\5"
    return out + b"".join(pack("<HBH", length, which, 1) for length, which in local)


tables = [mtt(n) for n in range(7)]
links = [other(PAIR1) for _ in range(4)]
use = [access(name, key, (length, PAIR1)) + both + pack("<BB", REVIVE, 1)
       for key in (MTT, KLM, KSM, RAW) for name, length in (("write", 6000), ("read", 6000),
                                                            ("add", 8))]

BY_OWNER = 0x80                     # by the queue pair that a window is bound to
NULL_KEY = 15

umr_seeds = {
    "window": umr(FREE_KLM | BY_OWNER, links, IN_LINE | IF_FREE) + both
    + access("read", FREE_KLM, (900, PAIR1)) + both
    + pack("<BBHH", UMR_RECEIVE, PAIR1, 900, 1) + access("send_inval", FREE_KLM, (8, PAIR1))
    + both + umr(FREE_KLM | BY_OWNER, links, IN_LINE | IF_FREE | 8) + both,
    "table-by-key": umr(KLM, [other(PAIR0)] * 4) + both + umr(MTT, tables, by=KLM) + both
    + access("write", MTT, (6000, PAIR1)) + both,
    "nothing-there": umr(KSM, [other(NULL_KEY), other(PAIR1)] * 2) + both
    + access("read", KSM, (6000, PAIR1)) + both,
    "fill": umr(MTT, tables) + both + access("write", MTT, (6000, PAIR1)) + both,
    "fill-free": umr(FREE_MTT, tables, IF_FREE) + both + access("read", FREE_MTT, (900, PAIR1))
    + both + umr(FREE_MTT, free=True, flags=IF_NOT_FREE) + both
    + access("read", FREE_MTT, (900, PAIR1)) + both,
    "inline": umr(MTT, tables, IN_LINE) + both + umr(MTT, [mtt(9)], IN_LINE | OFFSET | 2) + both
    + access("write", MTT, (8000, PAIR1)) + both,
    "wraps": umr(MTT, tables, spoils=[spoil(80, pack(">q", -4096))]) + both
    + pack("<BBBBQHBQ", ACCESS, 0, 1 | 1 << 1, MTT, 2**64 - 8, 64, PAIR1, 0x800000123) + both,
    "zap": umr(MTT, tables) + both + umr(MTT, [mtt(0, 0)] * 7) + both
    + access("write", MTT, (900, PAIR1)) + both,
    "keys-of-keys": umr(KLM, links) + both + umr(KSM, links) + both
    + umr(FREE_KLM, links) + both + b"".join(use),
    "loops": umr(KLM, [other(KSM, True), other(KLM, True)]) + both
    + umr(KSM, [other(KLM, True)] * 4) + both + b"".join(use),
    "through-keys": umr(MTT, tables) + both + umr(KLM, [other(MTT, True)] * 3) + both
    + pack("<BBHH", UMR_RECEIVE, KLM, 900, 1) + access("send", 0, (900, KLM)) + both,
    "refused": umr(FIXED, tables) + both + pack("<BB", REVIVE, 0) + umr(EMPTY, tables) + both
    + umr(MTT, tables, IF_FREE) + both + pack("<BB", REVIVE, 0) + umr(RAW, tables) + both,
    "masks": b"".join(umr(MTT, mask=1 << bit) + both for bit in (0, 1, 6, 7, 13, 14, 17, 29)),
    "switches": umr(MTT, tables) + both + pack("<BB", UMR_SWITCH, 3) + umr(MTT, [mtt(0, 0)] * 7)
    + both + access("write", MTT, (900, PAIR1)) + both + umr(MTT, free=True) + both
    + access("read", MTT, (900, PAIR1)) + both + pack("<BBB", KEY, MTT, 8)
    + pack("<BB", UMR_SWITCH, 0) + access("read", MTT, (900, PAIR1)) + both,
    "unmapped": umr(MTT, tables) + both
    + b"".join(pack("<BH", UMR_UNMAP, n) for n in range(0, 60, 3))
    + access("write", MTT, (6000, PAIR1)) + both + umr(MTT, tables) + both,
    "stall": pack("<BB", UMR_SWITCH, 4) + umr(MTT, tables) + both + pack("<BB", UMR_SWITCH, 0)
    + both,
    "destroyed": pack("<BBB", KEY, MTT, 8) + umr(MTT, tables) + both + pack("<BBB", KEY, KLM, 0)
    + umr(KLM, links) + both,
}


def write(target, seeds):
    folder = Path(__file__).parent / "seed" / target
    folder.mkdir(parents=True, exist_ok=True)
    for name, content in seeds.items():
        (folder / name).write_bytes(content)


if __name__ == "__main__":
    write("mlx5_cmd", cmd_seeds)
    write("mlx5_wqe", wqe_seeds)
    write("mlx5_umr", umr_seeds)
