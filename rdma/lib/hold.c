// SPDX-License-Identifier: GPL-2.0 OR BSD-2-Clause
/*
 * What every file of the library needs because of fork(): see fork.c.
 */
#include <errno.h>
#include <pthread.h>
#include <unistd.h>

#include "device.h"
#include "machine/error.h"

/*
 * Held for reading while a descriptor or a mapping exists that no list shows yet, or no longer,
 * and for writing by fork(). It is taken before every other lock of the library.
 */
static pthread_rwlock_t forking = PTHREAD_RWLOCK_INITIALIZER;

void pb_fork_hold(void)
{
	pthread_rwlock_rdlock(&forking);
}

void pb_fork_release(void)
{
	pthread_rwlock_unlock(&forking);
}

void pb_fork_begin(void)
{
	pthread_rwlock_wrlock(&forking);
}

void pb_fork_end(enum pb_fork stage)
{
	if (stage == PB_FORK_CHILD)
		pthread_rwlock_init(&forking, NULL);
	else
		pthread_rwlock_unlock(&forking);
}

/* The thread that took a lock has another ID in the child, so it cannot unlock it there. */
void pb_fork_lock(pthread_mutex_t *mutex, enum pb_fork stage)
{
	switch (stage) {
	case PB_FORK_BEFORE:
		pthread_mutex_lock(mutex);
		break;
	case PB_FORK_PARENT:
		pthread_mutex_unlock(mutex);
		break;
	case PB_FORK_CHILD:
		pthread_mutex_init(mutex, NULL);
	}
}

void pb_close_fd(int *fd)
{
	if (*fd >= 0)
		close(*fd);
	*fd = -1;
}

int pb_owned(const struct peerbar_device *dev)
{
	if (!dev->inherited)
		return 0;
	return pb_fail(EBADF, "%s belongs to the process that opened it, and this one is a child "
		       "that fork() made: open it here, after the parent has closed it",
		       dev->address);
}
