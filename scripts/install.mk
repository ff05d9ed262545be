# SPDX-License-Identifier: GPL-2.0 OR BSD-2-Clause
# Where the parts install themselves. The caller may set DESTDIR, PREFIX, or any of the
# folders below.
PREFIX ?= /usr/local
BINDIR ?= $(PREFIX)/bin
SBINDIR ?= $(PREFIX)/sbin
LIBDIR ?= $(PREFIX)/lib
INCLUDEDIR ?= $(PREFIX)/include
MANDIR ?= $(PREFIX)/share/man

INSTALL ?= install
