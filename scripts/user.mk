# SPDX-License-Identifier: GPL-2.0 OR BSD-2-Clause
# Flags and rules that the user-space parts share. The Makefile of a part sets TOP, includes
# this file and puts its output in $(O), a folder of its own below $(B). The caller may set:
#
#   B=FOLDER    put all output into this folder (an absolute path)
#   CC=clang    use the other compiler
#   SAN=1       AddressSanitizer and UBSan, in an output folder of their own
#   WERROR=0    do not treat warnings as errors (for compilers that we have not tried)
#   V=1         show the commands
#
# CPPFLAGS, CFLAGS, LDFLAGS and LDLIBS are left to the caller, too: a part adds what it
# needs to ALL_CPPFLAGS, ALL_CFLAGS and ALL_LDLIBS instead.

TOP ?= $(error TOP is not set)
B ?= $(TOP)/build
O ?= $(B)/$(patsubst $(abspath $(TOP))/%,%,$(CURDIR))$(if $(SAN),-san)
V ?= 0
Q = $(if $(filter 0,$(V)),@)

WERROR ?= 1
WARN = -Wall -Wextra $(if $(filter-out 0,$(WERROR)),-Werror) -Wshadow -Wmissing-prototypes -Wstrict-prototypes \
       -Wundef -Wvla -Wformat=2
SANFLAGS = $(if $(SAN),-fsanitize=address$(comma)undefined -fno-sanitize-recover=all)
comma := ,

CFLAGS ?= -O2 -g
ALL_CPPFLAGS = -D_GNU_SOURCE -MMD -MP $(CPPFLAGS)
ALL_CFLAGS = -std=gnu11 $(WARN) $(CFLAGS) $(SANFLAGS) -fno-omit-frame-pointer
ALL_LDFLAGS = $(LDFLAGS) $(SANFLAGS)
ALL_LDLIBS = $(LDLIBS)

$(O)/%.o: %.c
	@mkdir -p $(@D)
	@echo "  CC      $<"
	$(Q)$(CC) $(ALL_CPPFLAGS) $(ALL_CFLAGS) -c -o $@ $<

.DEFAULT_GOAL := all
.PHONY: all clean
clean:
	rm -rf $(O)
