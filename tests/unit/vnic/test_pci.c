// SPDX-License-Identifier: GPL-2.0 OR BSD-2-Clause
/* The PCI function: what enumeration finds, what can be written, interrupts. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <cmocka.h>

#include <errno.h>
#include <fcntl.h>
#include <stdlib.h>
#include <string.h>
#include <sys/eventfd.h>
#include <unistd.h>
#include <linux/pci_regs.h>
#include <linux/vfio.h>

#include "bus/pci.h"

#define VECTORS 5u

static int setup(void **state)
{
	const struct pci_function function = {
		.id = {
			.vendor = 0x1d0f, .device = 0xefa1, .subvendor = 0x1111,
			.subdevice = 0x2222, .revision = 3, .class_code = 0x020000,
		},
		.bar = {
			[0] = { .size = 0x10000 },
			[2] = { .size = 64u << 20, .is64 = true, .prefetch = true },
			[4] = { .size = 8ull << 30, .is64 = true },
		},
		.msix = { .vectors = VECTORS, .table = 0x8000, .pba = 0xc000 },
	};
	struct pci *pci = malloc(sizeof(*pci));

	assert_non_null(pci);
	pci_init(pci, &function);
	*state = pci;
	return 0;
}

static int teardown(void **state)
{
	pci_release(*state);
	free(*state);
	return 0;
}

static uint32_t get(const struct pci *pci, unsigned int off, unsigned int len)
{
	uint32_t value = 0;

	assert_int_equal(pci_cfg_read(pci, off, &value, len), 0);
	return value;
}

static void set(struct pci *pci, unsigned int off, uint32_t value, unsigned int len)
{
	assert_int_equal(pci_cfg_write(pci, off, &value, len), 0);
}

/* The offset of capability @id, found as a driver finds it; 0: there is none. */
static unsigned int find_cap(const struct pci *pci, uint8_t id)
{
	unsigned int at = get(pci, PCI_CAPABILITY_LIST, 1);

	for (unsigned int hops = 0; at && hops < 48; hops++) {
		assert_int_equal(at % 4, 0);
		if (get(pci, at, 1) == id)
			return at;
		at = get(pci, at + 1, 1);
	}
	return 0;
}

static void test_identity(void **state)
{
	struct pci *pci = *state;

	assert_int_equal(get(pci, PCI_VENDOR_ID, 4), 0xefa11d0f);
	assert_int_equal(get(pci, PCI_CLASS_REVISION, 4), 0x02000003);
	assert_int_equal(get(pci, PCI_SUBSYSTEM_VENDOR_ID, 4), 0x22221111);
	assert_int_equal(get(pci, PCI_HEADER_TYPE, 1), 0);
	assert_int_equal(get(pci, PCI_INTERRUPT_PIN, 1), 0);	/* no INTx */
	assert_true(get(pci, PCI_STATUS, 2) & PCI_STATUS_CAP_LIST);
	for (unsigned int off = 0; off < 4; off++)
		set(pci, off, 0, 1);
	assert_int_equal(get(pci, PCI_VENDOR_ID, 4), 0xefa11d0f);
}

static void test_capabilities(void **state)
{
	struct pci *pci = *state;
	unsigned int msix = find_cap(pci, PCI_CAP_ID_MSIX);
	unsigned int exp = find_cap(pci, PCI_CAP_ID_EXP);

	assert_true(msix && exp && find_cap(pci, PCI_CAP_ID_PM));
	assert_int_equal(find_cap(pci, PCI_CAP_ID_VPD), 0);	/* and the list ends */
	assert_int_equal(get(pci, msix + PCI_MSIX_FLAGS, 2), VECTORS - 1);
	assert_int_equal(get(pci, msix + PCI_MSIX_TABLE, 4), 0x8000);
	assert_int_equal(get(pci, msix + PCI_MSIX_PBA, 4), 0xc000);
	set(pci, msix + PCI_MSIX_FLAGS, 0xffff, 2);
	assert_int_equal(get(pci, msix + PCI_MSIX_FLAGS, 2), 0xc000 | (VECTORS - 1));
	assert_int_equal(get(pci, exp + PCI_EXP_FLAGS, 2) & PCI_EXP_FLAGS_TYPE,
			 PCI_EXP_TYPE_ENDPOINT << 4);
	assert_false(get(pci, exp + PCI_EXP_DEVCAP, 4) & PCI_EXP_DEVCAP_FLR);
	set(pci, exp + PCI_EXP_DEVCTL, 0xffff, 2);
	assert_false(get(pci, exp + PCI_EXP_DEVCTL, 2) & PCI_EXP_DEVCTL_BCR_FLR);
	assert_int_equal(get(pci, 0x100, 4), 0);	/* no extended capabilities */
}

static void test_bar_sizing(void **state)
{
	static const uint32_t sizes[6] = {
		0xffff0000, 0, 0xfc00000c, 0xffffffff, 0x00000004, 0xfffffffe,
	};
	struct pci *pci = *state;

	for (unsigned int i = 0; i < 6; i++) {
		set(pci, PCI_BASE_ADDRESS_0 + 4 * i, 0xffffffff, 4);
		assert_int_equal(get(pci, PCI_BASE_ADDRESS_0 + 4 * i, 4), sizes[i]);
	}
	set(pci, PCI_BASE_ADDRESS_2, 0x12345678, 4);
	set(pci, PCI_BASE_ADDRESS_3, 0x40, 4);
	assert_int_equal(get(pci, PCI_BASE_ADDRESS_2, 4), 0x1000000c);
	assert_int_equal(get(pci, PCI_BASE_ADDRESS_3, 4), 0x40);
	set(pci, PCI_ROM_ADDRESS, 0xffffffff, 4);
	assert_int_equal(get(pci, PCI_ROM_ADDRESS, 4), 0);
}

static void test_command_and_master(void **state)
{
	struct pci *pci = *state;

	assert_false(pci_bus_master(pci));
	set(pci, PCI_COMMAND, PCI_COMMAND_MASTER, 1);
	assert_true(pci_bus_master(pci));
	set(pci, PCI_COMMAND, 0xffff, 2);
	assert_int_equal(get(pci, PCI_COMMAND, 2),
			 PCI_COMMAND_MEMORY | PCI_COMMAND_MASTER | PCI_COMMAND_PARITY |
			 PCI_COMMAND_SERR | PCI_COMMAND_INTX_DISABLE);
	set(pci, PCI_COMMAND + 1, 0, 1);	/* the other byte alone */
	assert_true(pci_bus_master(pci));
	set(pci, PCI_COMMAND, 0xfffb, 2);
	assert_false(pci_bus_master(pci));
}

static void test_power_state(void **state)
{
	struct pci *pci = *state;
	unsigned int ctrl = find_cap(pci, PCI_CAP_ID_PM) + PCI_PM_CTRL;

	set(pci, PCI_COMMAND, PCI_COMMAND_MASTER, 2);
	set(pci, ctrl, 3, 2);
	assert_int_equal(get(pci, ctrl, 2), PCI_PM_CTRL_NO_SOFT_RESET | 3);
	set(pci, ctrl, 1, 2);				/* D1 is not supported: no change */
	assert_int_equal(get(pci, ctrl, 2) & 3, 3);
	set(pci, ctrl, 0, 2);
	assert_int_equal(get(pci, ctrl, 2) & 3, 0);
	set(pci, ctrl - 4, 0x00020000, 4);
	set(pci, ctrl, 2, 1);
	assert_int_equal(get(pci, ctrl, 2) & 3, 0);
	assert_true(pci_bus_master(pci));		/* no soft reset */
}

static void test_bounds(void **state)
{
	static uint8_t whole[PCI_CFG_SIZE + 1];
	struct pci *pci = *state;

	assert_int_equal(pci_cfg_read(pci, 0, whole, PCI_CFG_SIZE), 0);
	assert_int_equal(whole[0], 0x0f);
	assert_int_equal(pci_cfg_read(pci, 0, whole, PCI_CFG_SIZE + 1), -EINVAL);
	assert_int_equal(pci_cfg_read(pci, PCI_CFG_SIZE - 1, whole, 2), -EINVAL);
	assert_int_equal(pci_cfg_read(pci, PCI_CFG_SIZE, whole, 1), -EINVAL);
	assert_int_equal(pci_cfg_read(pci, UINT64_MAX, whole, 4), -EINVAL);
	assert_int_equal(pci_cfg_write(pci, PCI_CFG_SIZE - 2, whole, 4), -EINVAL);
	assert_int_equal(pci_cfg_write(pci, UINT64_MAX - 1, whole, 4), -EINVAL);
}

static void test_reset(void **state)
{
	struct pci *pci = *state;
	uint8_t fresh[PCI_CFG_SIZE], now[PCI_CFG_SIZE], ones[PCI_CFG_SIZE];

	assert_int_equal(pci_cfg_read(pci, 0, fresh, sizeof(fresh)), 0);
	memset(ones, 0xff, sizeof(ones));
	assert_int_equal(pci_cfg_write(pci, 0, ones, sizeof(ones)), 0);
	assert_int_equal(pci_cfg_read(pci, 0, now, sizeof(now)), 0);
	assert_memory_not_equal(now, fresh, sizeof(now));
	pci_reset(pci);
	assert_int_equal(pci_cfg_read(pci, 0, now, sizeof(now)), 0);
	assert_memory_equal(now, fresh, sizeof(now));
}

/* ---- interrupts ---- */

static int event(void)
{
	int fd = eventfd(0, EFD_NONBLOCK | EFD_CLOEXEC);

	assert_true(fd >= 0);
	return fd;
}

static bool is_closed(int fd)
{
	return fcntl(fd, F_GETFD) < 0 && errno == EBADF;
}

static uint64_t count(int fd)
{
	uint64_t value;

	return read(fd, &value, sizeof(value)) == sizeof(value) ? value : 0;
}

static void test_raise(void **state)
{
	const int fds[3] = { event(), -1, event() };
	struct pci *pci = *state;

	assert_int_equal(pci_irq_set(pci, VFIO_PCI_MSIX_IRQ_INDEX, 1, 3, fds), 0);
	pci_raise(pci, 1);
	pci_raise(pci, 1);
	pci_raise(pci, 3);
	assert_int_equal(count(fds[0]), 2);
	assert_int_equal(count(fds[2]), 1);
	assert_int_equal(pci->raised, 3);
	assert_int_equal(pci->lost, 0);
	pci_raise(pci, 0);
	pci_raise(pci, 2);
	pci_raise(pci, VECTORS);
	pci_raise(pci, 1u << 31);
	assert_int_equal(pci->raised, 3);
	assert_int_equal(pci->lost, 4);
	pci_reset(pci);
	pci_raise(pci, 1);
	assert_int_equal(count(fds[0]), 1);	/* a reset keeps the eventfds */
}

static void test_irq_set_owns(void **state)
{
	int first = event(), second = event(), last = event();
	struct pci *pci = *state;

	assert_int_equal(pci_irq_count(pci, VFIO_PCI_MSIX_IRQ_INDEX), VECTORS);
	assert_int_equal(pci_irq_count(pci, VFIO_PCI_INTX_IRQ_INDEX), 0);
	assert_int_equal(pci_irq_set(pci, VFIO_PCI_MSIX_IRQ_INDEX, 0, 1, &first), 0);
	assert_int_equal(pci_irq_set(pci, VFIO_PCI_MSIX_IRQ_INDEX, 0, 1, &second), 0);
	assert_true(is_closed(first));
	assert_false(is_closed(second));
	assert_int_equal(pci_irq_set(pci, VFIO_PCI_MSIX_IRQ_INDEX, 0, 0, NULL), 0);
	assert_true(is_closed(second));
	assert_int_equal(pci_irq_set(pci, VFIO_PCI_MSIX_IRQ_INDEX, VECTORS, 1, &last),
			 -EINVAL);
	assert_true(is_closed(last));		/* even if the call is refused */
	last = event();
	assert_int_equal(pci_irq_set(pci, VFIO_PCI_INTX_IRQ_INDEX, 0, 1, &last), -EINVAL);
	assert_true(is_closed(last));
	assert_int_equal(pci_irq_set(pci, VFIO_PCI_ERR_IRQ_INDEX, 0, 0, NULL), 0);
}

#define TEST(t) cmocka_unit_test_setup_teardown(t, setup, teardown)

int main(void)
{
	const struct CMUnitTest tests[] = {
		TEST(test_identity),
		TEST(test_capabilities),
		TEST(test_bar_sizing),
		TEST(test_command_and_master),
		TEST(test_power_state),
		TEST(test_bounds),
		TEST(test_reset),
		TEST(test_raise),
		TEST(test_irq_set_owns),
	};

	return cmocka_run_group_tests_name("pci", tests, NULL, NULL);
}
