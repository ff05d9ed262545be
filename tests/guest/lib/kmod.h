/* SPDX-License-Identifier: GPL-2.0 OR BSD-2-Clause */
/* The test modules of tests/kmod. */
#ifndef GUEST_KMOD_H
#define GUEST_KMOD_H

/*
 * Load build/kmod/RELEASE/@module.ko, for the running kernel. Return: 0 or -errno;
 * -EEXIST: it is loaded already.
 */
int kmod_load(const char *module);

/* The same for build/kernel/RELEASE/peerbar-vfio-pci.ko, without parameters. */
int kmod_load_exporter(void);

/* Return: 0 or -errno; -EAGAIN: it is in use. */
int kmod_unload(const char *module);

#endif /* GUEST_KMOD_H */
