# SPDX-License-Identifier: GPL-2.0 OR BSD-2-Clause
# The version of everything here, which the public header has. TOP is the caller's.
PEERBAR_VERSION := $(shell sed -n 's/^\#define PEERBAR_VERSION "\(.*\)"/\1/p' \
	$(TOP)/rdma/lib/peerbar.h)
