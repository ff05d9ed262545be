# SPDX-License-Identifier: GPL-2.0-only
# Build the kernel module of a folder for one kernel, in build/$(NAME)/RELEASE. The folder's
# Makefile sets TOP and NAME and includes this file. The caller may set RELEASE, W=1 and C=1.
include $(TOP)/scripts/version.mk

RELEASE ?= $(shell uname -r)
KDIR ?= /lib/modules/$(RELEASE)/build
BUILD := $(abspath $(TOP)/build/$(NAME))/$(RELEASE)

# kbuild writes its output beside the sources, so it gets a folder with links to them
all:
	@mkdir -p $(BUILD)
	@ln -sfr Kbuild *.[ch] $(BUILD)
	+$(MAKE) -C $(KDIR) M=$(BUILD) PEERBAR_VERSION=$(PEERBAR_VERSION) modules

clean:
	rm -rf $(BUILD)

.PHONY: all clean
