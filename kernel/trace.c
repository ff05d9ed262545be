// SPDX-License-Identifier: GPL-2.0-only
/* Defines the trace events of trace.h: exactly one file may set CREATE_TRACE_POINTS. */
#define CREATE_TRACE_POINTS
#include "trace.h"
