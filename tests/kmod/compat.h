/* SPDX-License-Identifier: GPL-2.0-only */
/* Differences between kernel versions. Kbuild defines HAVE_*. */
#ifndef IMPORTER_COMPAT_H
#define IMPORTER_COMPAT_H

#include <linux/module.h>

/* 6.13: the name of a symbol namespace became a string */
#ifdef HAVE_STRING_NS
#define IMPORTER_IMPORT_NS(ns) MODULE_IMPORT_NS(#ns)
#else
#define IMPORTER_IMPORT_NS(ns) MODULE_IMPORT_NS(ns)
#endif

/* 7.1: the callback was renamed, and became optional */
#ifdef HAVE_INVALIDATE_MAPPINGS
#define importer_notify invalidate_mappings
#else
#define importer_notify move_notify
#define IMPORTER_MUST_HAVE_NOTIFY
#endif

#endif
