# SPDX-License-Identifier: GPL-2.0-only
# Build a folder's kernel module for one kernel, in build/$(NAME)/RELEASE. A part sets
# TOP and NAME and includes this; RELEASE, W=1 and C=1 are the caller's.
include $(TOP)/scripts/version.mk

RELEASE ?= $(shell uname -r)
KDIR ?= /lib/modules/$(RELEASE)/build
BUILD := $(abspath $(TOP)/build/$(NAME))/$(RELEASE)

# kbuild writes beside the sources: it gets links to them
all:
	@mkdir -p $(BUILD)
	@ln -sfr Kbuild *.[ch] $(BUILD)
	+$(MAKE) -C $(KDIR) M=$(BUILD) PEERBAR_VERSION=$(PEERBAR_VERSION) modules

clean:
	rm -rf $(BUILD)

.PHONY: all clean
