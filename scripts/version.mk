# SPDX-License-Identifier: GPL-2.0 OR BSD-2-Clause
# The version of everything that is installed: libpeerbar, peerbar, the DKMS package.
VERSION := 1.0.0
