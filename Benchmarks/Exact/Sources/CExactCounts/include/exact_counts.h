#ifndef EXACT_COUNTS_H
#define EXACT_COUNTS_H

#include <stddef.h>
#include <stdint.h>

/// Calls `body`. Its name stands still whatever the compiler does: callgrind collects from its entry to its end.
void exact_counts_measured(void (*body)(void *), void *context);

/// A system call that does nothing and that a trace shows: a write to no file, with this text.
void exact_counts_mark(const char *text);

/// Opens a UDP socket on 127.0.0.1 that does not block, and tells its port; -1 with errno.
int exact_counts_open(uint16_t *port);

/// Sends `length` bytes to a port of 127.0.0.1: one datagram, or with a `segment` above 0 datagrams of that size, which
/// pass through the kernel as one (UDP GSO). False if the kernel does not take them.
int exact_counts_send(int socket, uint16_t port, const void *bytes, size_t length, int segment);

/// Reads everything that waits and answers the number of datagrams without RTCP. This and `exact_counts_send` make the system
/// calls sendto, recvfrom and setsockopt only, which the relay does not make while it forwards: a trace can leave them out.
int exact_counts_drain(int socket);

#endif
