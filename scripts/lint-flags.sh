# SPDX-License-Identifier: GPL-2.0 OR BSD-2-Clause
# shellcheck shell=bash
# kbuild's variables for W=1 and sparse on all kernel series. To be sourced.

# KBUILD_CHECKSRC=1 is what C=1 sets; C=1 itself also needs a script that Debian does not
# ship. Newer headers use a keyword that sparse 0.6.4 does not know, and their MODULE_INFO()
# needs strlen() of a literal to be a constant; that is an error for sparse, which then checks
# nothing more in that file.
# shellcheck disable=SC2034 # the script that sources this file uses it
LINT_FLAGS=(W=1 KBUILD_CHECKSRC=1
	CF="-D__typeof_unqual__=__typeof__ '-D__builtin_strlen(s)=(sizeof(s)-1)'")
