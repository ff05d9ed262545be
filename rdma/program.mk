# SPDX-License-Identifier: GPL-2.0 OR BSD-2-Clause
# What the programs of rdma/ are linked with: the static library, because they also use its
# internal functions, and the loopback. A program's Makefile sets TOP, includes scripts/user.mk
# and then this file.
LIB := $(TOP)/rdma/lib
LIB_A := $(B)/rdma/lib$(if $(SAN),-san)/libpeerbar.a

LOOPBACK := $(TOP)/rdma/loopback
LOOPBACK_A := $(B)/rdma/loopback$(if $(SAN),-san)/libloopback.a

ALL_CPPFLAGS += -I. -I$(LIB) -I$(TOP)/rdma \
	    $(shell pkg-config --cflags libibverbs libefa json-c)
ALL_LDLIBS += $(shell pkg-config --libs json-c libefa libibverbs) -pthread

$(LIB_A): FORCE
	$(Q)$(MAKE) --no-print-directory -C $(LIB) SAN=$(SAN) \
		O=$(abspath $(@D)) $(abspath $@)
$(LOOPBACK_A): FORCE
	$(Q)$(MAKE) --no-print-directory -C $(LOOPBACK) SAN=$(SAN) \
		O=$(abspath $(@D)) $(abspath $@)

.PHONY: FORCE
