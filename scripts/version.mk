# SPDX-License-Identifier: GPL-2.0 OR BSD-2-Clause
# The version of everything here, taken from the public header. The includer sets TOP.
PEERBAR_VERSION := $(shell sed -n 's/^\#define PEERBAR_VERSION "\(.*\)"/\1/p' \
	$(TOP)/rdma/lib/peerbar.h)
