# SPDX-License-Identifier: GPL-2.0 OR BSD-2-Clause
# Where the parts install themselves. The caller may set DESTDIR, PREFIX, or any of the
# folders below.
PREFIX ?= /usr/local
BINDIR ?= $(PREFIX)/bin
SBINDIR ?= $(PREFIX)/sbin
LIBDIR ?= $(PREFIX)/lib
INCLUDEDIR ?= $(PREFIX)/include
MANDIR ?= $(PREFIX)/share/man
COMPLETIONDIR ?= $(PREFIX)/share/bash-completion/completions
SCHEMADIR ?= $(PREFIX)/share/peerbar/schemas

INSTALL ?= install

# Each part installs from a folder of its own, so a relative path would mean several places.
absolute = $(if $(filter-out /%,$($(1))),$(error $(1)=$($(1)) is a relative path: begin it with /))
FOLDERS := DESTDIR PREFIX BINDIR SBINDIR LIBDIR INCLUDEDIR MANDIR COMPLETIONDIR SCHEMADIR
$(foreach folder,$(FOLDERS),$(call absolute,$(folder)))
