#!/usr/bin/env python3
# SPDX-License-Identifier: GPL-2.0 OR BSD-2-Clause
"""Two MPI ranks exchange data in several ways, and compare them.

    mpirun -n 2 mpi_exchange.py WAY...

WAY is messages, collectives or one_sided. Prints for each "WAY: good", or "WAY: wrong data"
if one of the ranks has seen wrong data, and then the exit status is not 0.
"""
import sys
from mpi4py import MPI

# an inline message, one that is copied, and two that the receiver fetches by itself
SIZES = 8, 5000, 70001, 1 << 20


def pattern(rank, size):
    """Bytes that depend on the sender, on their place and on the size."""
    block = bytes((rank * 101 + size + i) % 251 for i in range(251))
    return (block * (size // len(block) + 1))[:size]


def messages(comm, rank, other):
    """Both send and receive at the same time."""
    good = True
    for size in SIZES:
        got = bytearray(size)
        comm.Sendrecv([pattern(rank, size), MPI.BYTE], other, size,
                      [got, MPI.BYTE], other, size)
        good = good and got == pattern(other, size)
    return good


def collectives(comm, rank, other):
    """A broadcast from each rank, and a sum."""
    good = comm.allreduce(rank + 5) == 11
    for root in 0, 1:
        got = bytearray(pattern(root, 70001) if rank == root else 70001)
        comm.Bcast([got, MPI.BYTE], root)
        good = good and got == pattern(root, 70001)
    return good and comm.allgather(rank) == [0, 1]


def one_sided(comm, rank, other):
    """Each writes to the other's window, and reads from it."""
    size = 70001
    win = MPI.Win.Allocate(2 * size, 1, comm=comm)
    memory = win.tomemory()
    win.Fence()
    memory[:size] = pattern(rank, size)
    win.Fence()
    got, mine = bytearray(size), pattern(rank, size)
    win.Get([got, MPI.BYTE], other, [0, size, MPI.BYTE])
    win.Put([mine, MPI.BYTE], other, [size, size, MPI.BYTE])
    win.Fence()
    good = bytes(got) + bytes(memory[size:]) == 2 * pattern(other, size)
    win.Fence()
    win.Free()
    return good


WAYS = {way.__name__: way for way in (messages, collectives, one_sided)}


def main():
    comm = MPI.COMM_WORLD
    rank = comm.Get_rank()
    failed = comm.Get_size() != 2
    for way in sys.argv[1:]:
        good = comm.allreduce(WAYS[way](comm, rank, 1 - rank), MPI.LAND)
        failed = failed or not good
        if rank == 0:
            print(f'{way}: {"good" if good else "wrong data"}', flush=True)
    return failed


if __name__ == '__main__':
    sys.exit(main())
