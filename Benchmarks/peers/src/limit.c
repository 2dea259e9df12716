// limit STREAMS --io mmsg|gso|gro: the least a relay can do, in one thread, as the measure for others.
//
// One UDP socket, the first stream's RELAY address. A packet's stream is found by its SSRC, SRTP is taken off with the
// stream's in key, put on with its out key, in place, and the packet goes to the stream's sink.
//   mmsg  recvmmsg(MSG_WAITFORONE) and sendmmsg
//   gso   the same, and neighbours in a batch for one sink leave as one UDP_SEGMENT send, gathered from their buffers
//   gro   gso, and UDP_GRO on receipt
// Prints "ready" when it can take packets, and its counts when SIGTERM ends it.
#define _GNU_SOURCE
#include "common.h"
#include "streams.h"
#include <errno.h>
#include <netinet/udp.h>
#include <signal.h>
#include <sys/socket.h>

enum { BATCH = 64, GRO_BYTES = 65536, PLAIN_BYTES = 2048, SEGMENTS = 64, SEND_BYTES = 65000, SLOTS = BATCH * SEGMENTS };

struct route {
    uint32_t ssrc;
    struct sockaddr_in sink;
    struct srtp in, out;
};

struct control {
    _Alignas(struct cmsghdr) uint8_t bytes[CMSG_SPACE(sizeof(int))];
};

static struct route *routes;
static int *table; // index into routes by hash of the SSRC, or -1
static uint32_t mask;
static bool gso;

// Messages to be sent. A message is one packet, or several of `segment` bytes whose last may be shorter.
static struct mmsghdr out[SLOTS];
static struct iovec pieces[SLOTS];
static struct control out_control[SLOTS];
static struct { int segment, bytes, packets; bool closed; } shape[SLOTS];
static int messages, used_pieces;
static uint64_t forwarded, refused;
static volatile sig_atomic_t ended;

static void end(int signal) {
    (void)signal;
    ended = 1;
}

static struct route *find(uint32_t ssrc) {
    for (uint32_t i = ssrc * 2654435761u & mask; table[i] >= 0; i = (i + 1) & mask)
        if (routes[table[i]].ssrc == ssrc) return &routes[table[i]];
    return NULL;
}

static void open_routes(struct stream *streams, int count) {
    routes = checked(calloc(count, sizeof *routes));
    for (mask = 1; mask < (uint32_t)count * 4; mask *= 2) {}
    table = checked(malloc(mask * sizeof *table));
    memset(table, 0xff, mask * sizeof *table);
    mask--;
    for (int i = 0; i < count; i++) {
        routes[i].ssrc = streams[i].ssrc;
        routes[i].sink = streams[i].sink;
        srtp_open(&routes[i].in, streams[i].in_suite, SRTP_RECEIVER, streams[i].in_key);
        srtp_open(&routes[i].out, streams[i].out_suite, SRTP_SENDER, streams[i].out_key);
        uint32_t slot = routes[i].ssrc * 2654435761u & mask;
        while (table[slot] >= 0) slot = (slot + 1) & mask;
        table[slot] = i;
    }
}

static bool join(struct route *route, uint8_t *packet, int length) {
    if (!gso || !messages) return false;
    int last = messages - 1;
    struct msghdr *m = &out[last].msg_hdr;
    if (m->msg_name != &route->sink || shape[last].closed || length > shape[last].segment) return false;
    if (shape[last].packets == SEGMENTS || shape[last].bytes + length > SEND_BYTES) return false;
    struct iovec *end = &m->msg_iov[m->msg_iovlen - 1];
    if ((uint8_t *)end->iov_base + end->iov_len == packet) {
        end->iov_len += length;
    } else {
        pieces[used_pieces++] = (struct iovec){packet, length};
        m->msg_iovlen++;
    }
    if (shape[last].packets++ == 1) {
        m->msg_control = out_control[last].bytes;
        m->msg_controllen = CMSG_SPACE(sizeof(uint16_t));
        struct cmsghdr *c = CMSG_FIRSTHDR(m);
        c->cmsg_level = SOL_UDP;
        c->cmsg_type = UDP_SEGMENT;
        c->cmsg_len = CMSG_LEN(sizeof(uint16_t));
        *(uint16_t *)CMSG_DATA(c) = shape[last].segment;
    }
    shape[last].bytes += length;
    shape[last].closed = length < shape[last].segment;
    return true;
}

static void forward(uint8_t *packet, int length) {
    struct route *route = length >= 12 ? find(get32(packet + 8)) : NULL;
    if (!route || (length = srtp_unprotect(&route->in, packet, length)) < 0
        || (length = srtp_protect(&route->out, packet, length)) < 0) {
        refused++;
        return;
    }
    forwarded++;
    if (join(route, packet, length)) return;
    struct iovec *piece = &pieces[used_pieces++];
    *piece = (struct iovec){packet, length};
    shape[messages].segment = shape[messages].bytes = length;
    shape[messages].packets = 1;
    shape[messages].closed = false;
    out[messages++].msg_hdr =
        (struct msghdr){.msg_name = &route->sink, .msg_namelen = sizeof route->sink, .msg_iov = piece, .msg_iovlen = 1};
}

static void send_all(int fd) {
    for (int done = 0; done < messages;) {
        int sent = sendmmsg(fd, out + done, messages - done, 0);
        if (sent > 0) {
            done += sent;
        } else if (errno != EINTR) {
            refused += shape[done].packets;
            done++;
        }
    }
    messages = used_pieces = 0;
}

static int segment_size(struct msghdr *m) {
    for (struct cmsghdr *c = CMSG_FIRSTHDR(m); c; c = CMSG_NXTHDR(m, c))
        if (c->cmsg_level == SOL_UDP && c->cmsg_type == UDP_GRO) return *(int *)CMSG_DATA(c);
    return 0;
}

int main(int argc, char **argv) {
    if (argc != 4 || strcmp(argv[2], "--io")) {
        fprintf(stderr, "usage: limit STREAMS --io mmsg|gso|gro\n");
        return 2;
    }
    int count, one = 1;
    struct stream *streams = streams_read(argv[1], &count);
    bool gro = !strcmp(argv[3], "gro");
    gso = gro || !strcmp(argv[3], "gso");
    open_routes(streams, count);
    int fd = udp_socket(&streams[0].relay, 0);
    if (gro && setsockopt(fd, SOL_UDP, UDP_GRO, &one, sizeof one)) {
        perror("UDP_GRO");
        return 1;
    }
    struct sigaction action = {.sa_handler = end};
    sigaction(SIGTERM, &action, NULL);
    sigaction(SIGINT, &action, NULL);

    size_t room = gro ? GRO_BYTES : PLAIN_BYTES;
    uint8_t *buffers = checked(aligned_alloc(4096, BATCH * room));
    memset(buffers, 0, BATCH * room);
    static struct mmsghdr in[BATCH];
    static struct iovec spaces[BATCH];
    static struct control in_control[BATCH];
    fprintf(stderr, "ready\n");
    while (!ended) {
        for (int i = 0; i < BATCH; i++) {
            spaces[i] = (struct iovec){buffers + i * room, room};
            in[i].msg_hdr = (struct msghdr){.msg_iov = &spaces[i], .msg_iovlen = 1};
            if (gro) {
                in[i].msg_hdr.msg_control = in_control[i].bytes;
                in[i].msg_hdr.msg_controllen = sizeof in_control[i].bytes;
            }
        }
        int received = recvmmsg(fd, in, BATCH, MSG_WAITFORONE, NULL);
        for (int i = 0; i < received; i++) {
            uint8_t *packet = spaces[i].iov_base;
            int length = in[i].msg_len, segment = gro ? segment_size(&in[i].msg_hdr) : 0;
            if (segment <= 0 || segment > length) segment = length;
            for (int at = 0; at < length; at += segment)
                forward(packet + at, length - at < segment ? length - at : segment);
        }
        send_all(fd);
    }
    fprintf(stderr, "forwarded %llu refused %llu\n", (unsigned long long)forwarded, (unsigned long long)refused);
    return 0;
}
