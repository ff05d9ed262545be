# SPDX-License-Identifier: GPL-2.0 OR BSD-2-Clause
# shellcheck shell=bash
# kbuild's variables for W=1 and sparse, on kernels of every age. Sourced.

# C=1, but without the kernel's search for a script that Debian does not ship. Newer headers
# have a keyword that sparse 0.6.4 lacks, and their MODULE_INFO() wants strlen() of a literal
# to be a constant: an error for sparse, which then says nothing more about that file.
# shellcheck disable=SC2034 # used by who sources this
LINT_FLAGS=(W=1 KBUILD_CHECKSRC=1
	CF="-D__typeof_unqual__=__typeof__ '-D__builtin_strlen(s)=(sizeof(s)-1)'")
