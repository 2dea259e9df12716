#define _GNU_SOURCE 1
#include "linux.h"

#include <arpa/inet.h>
#include <errno.h>
#include <netinet/ip.h>
#include <netinet/tcp.h>
#include <netinet/udp.h>
#include <poll.h>
#include <sched.h>
#include <stddef.h>
#include <string.h>
#include <sys/epoll.h>
#include <sys/eventfd.h>
#include <sys/resource.h>
#include <sys/syscall.h>
#include <unistd.h>
#if __has_include(<sys/rseq.h>)
#include <sys/rseq.h>
#endif

#ifndef UDP_SEGMENT
#define UDP_SEGMENT 103
#endif
#ifndef UDP_GRO
#define UDP_GRO 104
#endif

_Static_assert(sizeof(struct lens_message) == sizeof(struct mmsghdr), "lens_message is mmsghdr");
_Static_assert(offsetof(struct lens_message, length) == offsetof(struct mmsghdr, msg_len), "lens_message is mmsghdr");


static uint64_t read_big_endian(const uint8_t *bytes) {
    uint64_t value = 0;
    for (int i = 0; i < 8; i++) value = value << 8 | bytes[i];
    return value;
}

static void write_big_endian(uint8_t *bytes, uint64_t value) {
    for (int i = 7; i >= 0; i--) {
        bytes[i] = (uint8_t)value;
        value >>= 8;
    }
}

static void in6_write(struct in6_addr *target, const struct lens_address *address) {
    uint64_t high = address->high, low = address->low;
    if (!address->is_ipv6) {
        high = 0;
        low = 0xFFFF00000000u | (low & 0xFFFFFFFFu);
    }
    write_big_endian(target->s6_addr, high);
    write_big_endian(target->s6_addr + 8, low);
}

static void in6_read(const struct in6_addr *source, struct lens_address *address) {
    uint64_t high = read_big_endian(source->s6_addr), low = read_big_endian(source->s6_addr + 8);
    int is_mapped = high == 0 && low >> 32 == 0xFFFF;
    address->is_ipv6 = !is_mapped;
    address->high = high;
    address->low = is_mapped ? low & 0xFFFFFFFFu : low;
}

socklen_t lens_sockaddr_write_any(
    struct sockaddr_storage *storage, const struct lens_address *address, int socket_is_ipv6) {
    if (socket_is_ipv6) {
        struct sockaddr_in6 *six = (struct sockaddr_in6 *)storage;
        memset(six, 0, sizeof *six);
        six->sin6_family = AF_INET6;
        six->sin6_port = htons(address->port);
        in6_write(&six->sin6_addr, address);
        return sizeof *six;
    }
    if (address->is_ipv6) return 0;
    struct sockaddr_in *four = (struct sockaddr_in *)storage;
    memset(four, 0, sizeof *four);
    four->sin_family = AF_INET;
    four->sin_port = htons(address->port);
    four->sin_addr.s_addr = htonl((uint32_t)address->low);
    return sizeof *four;
}

void lens_sockaddr_read_any(const struct sockaddr_storage *storage, struct lens_address *address) {
    memset(address, 0, sizeof *address);
    if (storage->ss_family == AF_INET6) {
        const struct sockaddr_in6 *six = (const struct sockaddr_in6 *)storage;
        address->port = ntohs(six->sin6_port);
        in6_read(&six->sin6_addr, address);
    } else if (storage->ss_family == AF_INET) {
        const struct sockaddr_in *four = (const struct sockaddr_in *)storage;
        address->port = ntohs(four->sin_port);
        address->low = ntohl(four->sin_addr.s_addr);
    }
}

void lens_control_read(const struct msghdr *message, struct lens_control *control) {
    struct msghdr *header = (struct msghdr *)message;
    for (struct cmsghdr *c = CMSG_FIRSTHDR(header); c; c = CMSG_NXTHDR(header, c)) {
        if (c->cmsg_level == SOL_SOCKET && c->cmsg_type == SCM_TIMESTAMPNS) {
            struct timespec time;
            memcpy(&time, CMSG_DATA(c), sizeof time);
            control->stamp_nanoseconds = (uint64_t)time.tv_sec * 1000000000u + (uint64_t)time.tv_nsec;
        } else if (c->cmsg_level == SOL_SOCKET && c->cmsg_type == SO_RXQ_OVFL) {
            memcpy(&control->overflow_count, CMSG_DATA(c), sizeof control->overflow_count);
            control->has_overflow = 1;
        } else if (c->cmsg_level == IPPROTO_UDP && c->cmsg_type == UDP_GRO) {
            int size;
            memcpy(&size, CMSG_DATA(c), sizeof size);
            control->segment_size = size > 0 ? (uint32_t)size : 0;
        } else if (c->cmsg_level == IPPROTO_IP && c->cmsg_type == IP_PKTINFO) {
            struct in_pktinfo info;
            memcpy(&info, CMSG_DATA(c), sizeof info);
            control->local.high = 0;
            control->local.low = ntohl(info.ipi_addr.s_addr);
            control->local.is_ipv6 = 0;
            control->has_local = 1;
        } else if (c->cmsg_level == IPPROTO_IPV6 && c->cmsg_type == IPV6_PKTINFO) {
            struct in6_pktinfo info;
            memcpy(&info, CMSG_DATA(c), sizeof info);
            in6_read(&info.ipi6_addr, &control->local);
            control->has_local = 1;
        }
    }
}

size_t lens_control_write_source(void *buffer, const struct lens_address *local, int socket_is_ipv6) {
    if (local->high == 0 && local->low == 0) return 0;
    struct msghdr message = {.msg_control = buffer, .msg_controllen = LENS_CONTROL_SIZE};
    struct cmsghdr *c = CMSG_FIRSTHDR(&message);
    if (socket_is_ipv6) {
        struct in6_pktinfo info = {0};
        in6_write(&info.ipi6_addr, local);
        c->cmsg_level = IPPROTO_IPV6;
        c->cmsg_type = IPV6_PKTINFO;
        c->cmsg_len = CMSG_LEN(sizeof info);
        memcpy(CMSG_DATA(c), &info, sizeof info);
        return CMSG_SPACE(sizeof info);
    }
    struct in_pktinfo info = {0};
    info.ipi_spec_dst.s_addr = htonl((uint32_t)local->low);
    c->cmsg_level = IPPROTO_IP;
    c->cmsg_type = IP_PKTINFO;
    c->cmsg_len = CMSG_LEN(sizeof info);
    memcpy(CMSG_DATA(c), &info, sizeof info);
    return CMSG_SPACE(sizeof info);
}

size_t lens_control_write_segment(void *buffer, size_t offset, uint16_t size) {
    struct cmsghdr *c = (struct cmsghdr *)((char *)buffer + offset);
    c->cmsg_level = IPPROTO_UDP;
    c->cmsg_type = UDP_SEGMENT;
    c->cmsg_len = CMSG_LEN(sizeof size);
    memcpy(CMSG_DATA(c), &size, sizeof size);
    return offset + CMSG_SPACE(sizeof size);
}

size_t lens_segment_control_size(void) { return CMSG_SPACE(sizeof(uint16_t)); }

#if defined(__x86_64__)
// Every vector register may be changed by a call, so nobody's values are lost.
__attribute__((target("avx512f,avx512bw"), noinline)) static void clear_vectors(void) {
#define CLEAR(n) "vpxord %%zmm" #n ", %%zmm" #n ", %%zmm" #n "\n\t"
#define CLEAR_MASK(n) "kxorq %%k" #n ", %%k" #n ", %%k" #n "\n\t"
    __asm__ volatile("vzeroall\n\t" CLEAR(16) CLEAR(17) CLEAR(18) CLEAR(19) CLEAR(20) CLEAR(21) CLEAR(22) CLEAR(23)
                         CLEAR(24) CLEAR(25) CLEAR(26) CLEAR(27) CLEAR(28) CLEAR(29) CLEAR(30) CLEAR(31)
                             CLEAR_MASK(0) CLEAR_MASK(1) CLEAR_MASK(2) CLEAR_MASK(3) CLEAR_MASK(4) CLEAR_MASK(5)
                                 CLEAR_MASK(6) CLEAR_MASK(7)
                     :
                     :
                     : "xmm0", "xmm1", "xmm2", "xmm3", "xmm4", "xmm5", "xmm6", "xmm7", "xmm8", "xmm9", "xmm10", "xmm11",
                       "xmm12", "xmm13", "xmm14", "xmm15", "xmm16", "xmm17", "xmm18", "xmm19", "xmm20", "xmm21", "xmm22",
                       "xmm23", "xmm24", "xmm25", "xmm26", "xmm27", "xmm28", "xmm29", "xmm30", "xmm31", "k1", "k2", "k3",
                       "k4", "k5", "k6", "k7");
}
#endif

// The kernel saves the vector registers of a thread that goes to sleep, 2 KiB of them with AVX-512, but not those that are in their
// first state (Intel SDM volume 1, 13.6; AMD64 APM volume 2, 11.5).
static void forget_vectors(void) {
#if defined(__x86_64__)
    if (__builtin_cpu_supports("avx512bw")) clear_vectors();
#endif
}

// Past the C library, whose calls can be cancelled: that costs each of them two atomic operations.
int lens_receive_messages(int fd, struct lens_message *messages, unsigned int count, int waits) {
    if (waits) forget_vectors();
    if (count == 1) {
        long length = syscall(SYS_recvmsg, fd, &messages->header, waits ? 0 : MSG_DONTWAIT);
        if (length < 0) return -1;
        messages->length = (unsigned int)length;
        return 1;
    }
    return (int)syscall(SYS_recvmmsg, fd, messages, count, waits ? MSG_WAITFORONE : MSG_DONTWAIT, 0);
}

int lens_send_messages(int fd, struct lens_message *messages, unsigned int count) {
    if (count > 1) return (int)syscall(SYS_sendmmsg, fd, messages, count, MSG_DONTWAIT);
    const struct msghdr *header = &messages->header;
    // The plainest call that can say it.
    long sent = header->msg_controllen == 0 && header->msg_iovlen == 1
                    ? syscall(SYS_sendto, fd, header->msg_iov->iov_base, header->msg_iov->iov_len, MSG_DONTWAIT,
                              header->msg_name, header->msg_namelen)
                    : syscall(SYS_sendmsg, fd, header, MSG_DONTWAIT);
    return sent < 0 ? -1 : 1;
}

static int set(int fd, int level, int option, int value) {
    return setsockopt(fd, level, option, &value, sizeof value);
}

static int get(int fd, int level, int option) {
    int value = 0;
    socklen_t length = sizeof value;
    return getsockopt(fd, level, option, &value, &length) == 0 ? value : -1;
}

int lens_open_udp(int is_ipv6) {
    return socket(is_ipv6 ? AF_INET6 : AF_INET, SOCK_DGRAM | SOCK_CLOEXEC, 0);
}

int lens_bind(int fd, const struct sockaddr_storage *address, socklen_t length) {
    return bind(fd, (const struct sockaddr *)address, length);
}

int lens_connect(int fd, const struct sockaddr_storage *address, socklen_t length) {
    return connect(fd, (const struct sockaddr *)address, length);
}

int lens_listen_tcp(const struct lens_address *address) {
    int fd = socket(address->is_ipv6 ? AF_INET6 : AF_INET, SOCK_STREAM | SOCK_CLOEXEC | SOCK_NONBLOCK, 0);
    if (fd < 0) return -1;
    int one = 1, zero = 0;
    struct sockaddr_storage storage;
    socklen_t length = lens_sockaddr_write(&storage, address, address->is_ipv6);
    // IPv4 comes in mapped form where every address is listened at.
    if (address->is_ipv6) setsockopt(fd, IPPROTO_IPV6, IPV6_V6ONLY, &zero, sizeof zero);
    if (setsockopt(fd, SOL_SOCKET, SO_REUSEADDR, &one, sizeof one) == 0 &&
        bind(fd, (struct sockaddr *)&storage, length) == 0 && listen(fd, 512) == 0)
        return fd;
    int code = errno;
    close(fd);
    errno = code;
    return -1;
}

int lens_accept(int fd, struct lens_address *remote, struct lens_address *local) {
    struct sockaddr_storage storage;
    socklen_t length = sizeof storage;
    int connection = accept4(fd, (struct sockaddr *)&storage, &length, SOCK_CLOEXEC | SOCK_NONBLOCK);
    if (connection < 0) return -1;
    lens_sockaddr_read(&storage, remote);
    // Each frame goes at once: it is a packet.
    int one = 1;
    setsockopt(connection, IPPROTO_TCP, TCP_NODELAY, &one, sizeof one);
    if (lens_local_name(connection, &storage) == 0) lens_sockaddr_read(&storage, local);
    return connection;
}

ssize_t lens_receive_bytes(int fd, void *bytes, size_t length) { return recv(fd, bytes, length, MSG_DONTWAIT); }

ssize_t lens_send_bytes(int fd, const void *bytes, size_t length) {
    return send(fd, bytes, length, MSG_DONTWAIT | MSG_NOSIGNAL);
}

int lens_open_set(void) { return epoll_create1(EPOLL_CLOEXEC); }

int lens_watch(int set, int fd, uint32_t mark, int is_new, int wants_room) {
    struct epoll_event event = {.events = EPOLLIN | (wants_room ? EPOLLOUT : 0), .data.u32 = mark};
    return epoll_ctl(set, is_new ? EPOLL_CTL_ADD : EPOLL_CTL_MOD, fd, &event);
}

int lens_watched(int set, uint32_t *marks, int capacity) {
    struct epoll_event events[64];
    int count = epoll_wait(set, events, capacity < 64 ? capacity : 64, 0);
    for (int i = 0; i < count; i++) marks[i] = events[i].data.u32;
    return count < 0 ? 0 : count;
}

int lens_local_name(int fd, struct sockaddr_storage *address) {
    socklen_t length = sizeof *address;
    return getsockname(fd, (struct sockaddr *)address, &length);
}

int lens_receive_local_address(int fd, int is_ipv6) {
    return is_ipv6 ? set(fd, IPPROTO_IPV6, IPV6_RECVPKTINFO, 1) : set(fd, IPPROTO_IP, IP_PKTINFO, 1);
}

int lens_receive_stamps(int fd) { return set(fd, SOL_SOCKET, SO_TIMESTAMPNS, 1); }

int lens_receive_overflow(int fd) { return set(fd, SOL_SOCKET, SO_RXQ_OVFL, 1); }

int lens_set_receive_timeout(int fd, int64_t nanoseconds) {
    struct timeval time = {.tv_sec = nanoseconds / 1000000000, .tv_usec = nanoseconds % 1000000000 / 1000};
    return setsockopt(fd, SOL_SOCKET, SO_RCVTIMEO, &time, sizeof time);
}

int lens_merge_received(int fd) { return set(fd, IPPROTO_UDP, UDP_GRO, 1); }

int lens_set_ipv6_only(int fd, int value) { return set(fd, IPPROTO_IPV6, IPV6_V6ONLY, value); }

int lens_set_buffers(int fd, int bytes) {
    // The forced form needs CAP_NET_ADMIN; the plain one stops at net.core.rmem_max and wmem_max.
    if (set(fd, SOL_SOCKET, SO_RCVBUFFORCE, bytes) != 0 && set(fd, SOL_SOCKET, SO_RCVBUF, bytes) != 0) return -1;
    if (set(fd, SOL_SOCKET, SO_SNDBUFFORCE, bytes) != 0 && set(fd, SOL_SOCKET, SO_SNDBUF, bytes) != 0) return -1;
    return 0;
}

int lens_receive_buffer_size(int fd) { return get(fd, SOL_SOCKET, SO_RCVBUF); }

int lens_receive_fill(int fd) {
    // As in <linux/sock_diag.h>: bytes taken, then bytes granted, and seven more that are not wanted here.
    uint32_t memory[16] = {0};
    socklen_t length = sizeof memory;
    if (getsockopt(fd, SOL_SOCKET, SO_MEMINFO, memory, &length) != 0) return -1;
    if (memory[1] == 0 || memory[0] >= memory[1]) return 256;
    return (int)((uint64_t)memory[0] * 256 / memory[1]);
}

int lens_send_buffer_size(int fd) { return get(fd, SOL_SOCKET, SO_SNDBUF); }

int lens_wait_readable(int first, int second, int third, int64_t timeout_nanoseconds) {
    // The kernel passes over negative ones.
    struct pollfd descriptors[3] = {
        {.fd = first, .events = POLLIN}, {.fd = second, .events = POLLIN}, {.fd = third, .events = POLLIN}};
    struct timespec timeout = {
        .tv_sec = timeout_nanoseconds / 1000000000, .tv_nsec = timeout_nanoseconds % 1000000000};
    forget_vectors();
    if (ppoll(descriptors, third < 0 ? 2 : 3, timeout_nanoseconds < 0 ? 0 : &timeout, 0) <= 0) return 0;
    return (descriptors[1].revents != 0) | (descriptors[2].revents != 0) << 1;
}

int lens_open_event(void) { return eventfd(0, EFD_NONBLOCK | EFD_CLOEXEC); }

void lens_signal_event(int fd) { (void)!eventfd_write(fd, 1); }

void lens_clear_event(int fd) {
    eventfd_t value;
    (void)!eventfd_read(fd, &value);
}

void lens_set_thread_name(const char *name) { pthread_setname_np(pthread_self(), name); }

int lens_raise_thread_priority(int nice_steps) {
    struct sched_param parameters;
    int policy = sched_getscheduler(0);
    if (policy < 0 || sched_getparam(0, &parameters) != 0) return -1;
    // A child of a process with this flag starts without it; so do its threads.
    int class = policy & ~SCHED_RESET_ON_FORK;
    if (class == SCHED_FIFO || class == SCHED_RR) {
        if (parameters.sched_priority >= sched_get_priority_max(class)) return 0;
        parameters.sched_priority += 1;
        return sched_setscheduler(0, policy, &parameters);
    }
    errno = 0;
    int nice_value = getpriority(PRIO_PROCESS, 0);
    if (nice_value == -1 && errno != 0) return -1;
    // 0 names the calling thread alone: on Linux a nice value belongs to a thread.
    return setpriority(PRIO_PROCESS, 0, nice_value - nice_steps);
}

int lens_leave_restartable_sequences(void) {
#if __has_include(<sys/rseq.h>)
    if (__rseq_size == 0) return -1;
    // The kernel wants the length that was signed up with: that of the first version, or more where there are later features.
    unsigned int length = __rseq_size > 32 ? __rseq_size : 32;
    char *area = (char *)__builtin_thread_pointer() + __rseq_offset;
    return (int)syscall(SYS_rseq, area, length, RSEQ_FLAG_UNREGISTER, RSEQ_SIG);
#else
    return -1;
#endif
}
