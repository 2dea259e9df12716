// What Swift does not import of Linux: GNU extensions and the macros around control messages.
#pragma once

#include <arpa/inet.h>
#include <netinet/in.h>
#include <pthread.h>
#include <stdint.h>
#include <sys/socket.h>
#include <sys/uio.h>
#include <time.h>

// This header keeps to what plain C declares, since the GNU variants of some structures differ from those that Swift's own
// C library module has.

/// An address as two words in host order: IPv4 in the low 32 bits of `low`.
struct lens_address {
    uint64_t high;
    uint64_t low;
    uint16_t port;
    uint8_t is_ipv6;
};

/// Bytes of control data that one received message may bring, and one sent may carry.
enum { LENS_CONTROL_SIZE = 128 };

/// As `lens_sockaddr_write` and `lens_sockaddr_read`, for what these do not do in line.
socklen_t lens_sockaddr_write_any(
    struct sockaddr_storage *storage, const struct lens_address *address, int socket_is_ipv6);
void lens_sockaddr_read_any(const struct sockaddr_storage *storage, struct lens_address *address);

/// Fills `storage` for the family of the socket; IPv4 goes to an IPv6 socket in mapped form. Answers its length, 0 for IPv6 on
/// an IPv4 socket, which has no way there.
static inline socklen_t lens_sockaddr_write(
    struct sockaddr_storage *storage, const struct lens_address *address, int socket_is_ipv6) {
    if (socket_is_ipv6 || address->is_ipv6) return lens_sockaddr_write_any(storage, address, socket_is_ipv6);
    struct sockaddr_in *four = (struct sockaddr_in *)storage;
    four->sin_family = AF_INET;
    four->sin_port = htons(address->port);
    four->sin_addr.s_addr = htonl((uint32_t)address->low);
    return sizeof *four;
}

/// Reads an address; a mapped one comes out as IPv4.
static inline void lens_sockaddr_read(const struct sockaddr_storage *storage, struct lens_address *address) {
    if (storage->ss_family != AF_INET) {
        lens_sockaddr_read_any(storage, address);
        return;
    }
    const struct sockaddr_in *four = (const struct sockaddr_in *)storage;
    address->high = 0;
    address->low = ntohl(four->sin_addr.s_addr);
    address->port = ntohs(four->sin_port);
    address->is_ipv6 = 0;
}

/// What the control data of a received message says. Fields without a control message stay as they were.
struct lens_control {
    struct lens_address local;
    uint64_t stamp_nanoseconds;
    uint32_t overflow_count;
    /// Bytes of each datagram but the last where the kernel has merged several.
    uint32_t segment_size;
    uint8_t has_local;
    uint8_t has_overflow;
};
void lens_control_read(const struct msghdr *message, struct lens_control *control);

/// Writes the source address of a datagram into `buffer`; answers the control length, 0 for an unspecified address.
size_t lens_control_write_source(void *buffer, const struct lens_address *local, int socket_is_ipv6);

/// Writes the size of the datagrams that a message is to be cut into, behind `offset` bytes of control data; answers the control
/// length.
size_t lens_control_write_segment(void *buffer, size_t offset, uint16_t size);

/// Bytes that `lens_control_write_segment` adds.
size_t lens_segment_control_size(void);

/// As the kernel's mmsghdr.
struct lens_message {
    struct msghdr header;
    unsigned int length;
};

/// Receives up to `count` messages. Answers their number, or -1 with errno. With `waits` it sleeps until there is one, at most the
/// time set by `lens_set_receive_timeout`.
int lens_receive_messages(int fd, struct lens_message *messages, unsigned int count, int waits);

/// Sends up to `count` messages without waiting. Answers their number, or -1 with errno.
int lens_send_messages(int fd, struct lens_message *messages, unsigned int count);

/// Opens a UDP socket; -1 with errno.
int lens_open_udp(int is_ipv6);

int lens_bind(int fd, const struct sockaddr_storage *address, socklen_t length);
int lens_connect(int fd, const struct sockaddr_storage *address, socklen_t length);
int lens_local_name(int fd, struct sockaddr_storage *address);

/// Have the kernel say with each datagram: the local address, its arrival, how many were dropped. -1 with errno.
int lens_receive_local_address(int fd, int is_ipv6);
int lens_receive_stamps(int fd);
int lens_receive_overflow(int fd);

/// Opens a TCP socket that listens at an address, without waiting; -1 with errno.
int lens_listen_tcp(const struct lens_address *address);

/// Takes a connection that waits, says who is at both ends; -1 with errno.
int lens_accept(int fd, struct lens_address *remote, struct lens_address *local);

/// Bytes of a connection, without waiting: their number, 0 at its end, -1 with errno.
ssize_t lens_receive_bytes(int fd, void *bytes, size_t length);
ssize_t lens_send_bytes(int fd, const void *bytes, size_t length);

/// A set of descriptors, itself a descriptor that is readable when one of them has something; -1 with errno.
int lens_open_set(void);
/// Puts a descriptor into the set, or changes whether room to write counts too. `mark` comes back with what it has. -1 with errno.
int lens_watch(int set, int fd, uint32_t mark, int is_new, int wants_room);
/// The marks of those that have something, without waiting. Answers their number.
int lens_watched(int set, uint32_t *marks, int capacity);

/// How long a receive that waits may sleep. -1 with errno.
int lens_set_receive_timeout(int fd, int64_t nanoseconds);

/// Lets the kernel merge datagrams of one source and size into one message. -1 with errno.
int lens_merge_received(int fd);

/// IPv6 sockets only, or IPv4 as well. -1 with errno.
int lens_set_ipv6_only(int fd, int value);

/// Asks for buffers of this size, beyond the system's limit where the process may. -1 with errno.
int lens_set_buffers(int fd, int bytes);
int lens_receive_buffer_size(int fd);
int lens_send_buffer_size(int fd);

/// How much of the receive buffer is taken, 0 ... 256; -1 with errno.
int lens_receive_fill(int fd);

/// Waits until one of the descriptors is readable; the third may be -1. A negative timeout waits without end. Answers 1 if the second
/// is, 2 if the third is, their sum if both are.
int lens_wait_readable(int first, int second, int third, int64_t timeout_nanoseconds);

/// An eventfd that does not block; -1 with errno.
int lens_open_event(void);
void lens_signal_event(int fd);
void lens_clear_event(int fd);

void lens_set_thread_name(const char *name);

/// Puts the calling thread a little before the others of its process, in the scheduling class that it has: one level higher in a
/// real-time class, a nice value lower by `nice_steps` else. Answers 0, or -1 with errno where the system does not permit it.
int lens_raise_thread_priority(int nice_steps);

/// Takes the calling thread out of restartable sequences (rseq(2)), which the C library signs every thread up for: they cost a thread
/// that sleeps often a detour on each return from the kernel, and only per-processor data of the process's own would need them.
/// Answers 0, or -1 where the thread is in none or the system does not permit it.
int lens_leave_restartable_sequences(void);

static inline uint64_t lens_clock_nanoseconds(clockid_t clock) {
    struct timespec time;
    clock_gettime(clock, &time);
    return (uint64_t)time.tv_sec * 1000000000u + (uint64_t)time.tv_nsec;
}
