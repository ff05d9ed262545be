# SPDX-License-Identifier: GPL-2.0 OR BSD-2-Clause
# Where the parts install themselves: the caller's DESTDIR, PREFIX, or each folder alone.
PREFIX ?= /usr/local
BINDIR ?= $(PREFIX)/bin
SBINDIR ?= $(PREFIX)/sbin
LIBDIR ?= $(PREFIX)/lib
INCLUDEDIR ?= $(PREFIX)/include
MANDIR ?= $(PREFIX)/share/man

INSTALL ?= install
