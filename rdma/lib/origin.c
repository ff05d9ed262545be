// SPDX-License-Identifier: GPL-2.0 OR BSD-2-Clause
/*
 * From which BAR a dma-buf was exported. The kernel does not tell, but every dma-buf has an
 * inode number, by which the last ones that this process exported are remembered.
 */
#include <pthread.h>
#include <stdio.h>
#include <sys/stat.h>

#include "device.h"
#include "refusal.h"

#define REMEMBERED 64

static struct origin {
	ino_t inode;
	char address[PB_ADDRESS_SIZE];
	unsigned int bar;
} origins[REMEMBERED];

static unsigned int next;
static pthread_mutex_t lock = PTHREAD_MUTEX_INITIALIZER;

void pb_origin_fork(enum pb_fork stage)
{
	pb_fork_lock(&lock, stage);
}

void pb_origin_add(int fd, const char *address, unsigned int bar)
{
	struct origin *origin;
	struct stat st;

	if (fstat(fd, &st))
		return;
	pthread_mutex_lock(&lock);
	origin = &origins[next++ % REMEMBERED];
	origin->inode = st.st_ino;
	origin->bar = bar;
	snprintf(origin->address, sizeof(origin->address), "%s", address);
	pthread_mutex_unlock(&lock);
}

bool pb_origin_find(int fd, char *address, unsigned int *bar)
{
	unsigned int i;
	struct stat st;

	if (fstat(fd, &st))
		return false;
	pthread_mutex_lock(&lock);
	for (i = 0; i < REMEMBERED; i++)
		if (origins[i].address[0] && origins[i].inode == st.st_ino)
			break;
	if (i < REMEMBERED) {
		snprintf(address, PB_ADDRESS_SIZE, "%s", origins[i].address);
		*bar = origins[i].bar;
	}
	pthread_mutex_unlock(&lock);
	return i < REMEMBERED;
}
