#define _GNU_SOURCE
#include "sink.h"
#include "common.h"
#include <netinet/udp.h>
#include <sys/epoll.h>
#include <sys/socket.h>

enum { BATCH = 32, ROOM = 65536, FLOWS = 4 };

// The relay's output of one SSRC at one socket; relays may rewrite SSRC and sequence numbers.
struct flow {
    uint32_t ssrc;
    bool authenticated;
    int stream;
    uint64_t packets;
    struct srtp peek, check;
};

struct endpoint {
    struct sockaddr_in address;
    int socket;
    int *streams, stream_count; // that end here
    struct flow flows[FLOWS];
    int flow_count;
};

static struct endpoint *endpoint(struct sink *s, const struct sockaddr_in *address) {
    for (int i = s->endpoint_count - 1; i >= 0; i--)
        if (s->endpoints[i].address.sin_port == address->sin_port
            && s->endpoints[i].address.sin_addr.s_addr == address->sin_addr.s_addr)
            return &s->endpoints[i];
    struct endpoint *e = &s->endpoints[s->endpoint_count++];
    int one = 1;
    e->address = *address;
    e->socket = udp_socket(address, SOCK_NONBLOCK);
    setsockopt(e->socket, SOL_UDP, UDP_GRO, &one, sizeof one);
    struct epoll_event event = {.events = EPOLLIN, .data.ptr = e};
    epoll_ctl(s->epoll, EPOLL_CTL_ADD, e->socket, &event);
    return e;
}

void sink_open(struct sink *s, struct traffic *t, int check_every) {
    *s = (struct sink){.traffic = t, .check_every = check_every, .epoll = epoll_create1(0)};
    s->latency = checked(calloc(1, sizeof *s->latency));
    s->endpoints = checked(calloc(t->stream_count * 2, sizeof *s->endpoints));
    s->buffers = checked(malloc((size_t)BATCH * ROOM));
    for (int i = 0; i < t->stream_count; i++) {
        const struct sockaddr_in *relay = &t->streams[i].relay;
        t->sources[i].socket = endpoint(s, &t->streams[i].source)->socket;
        // The kernel then need not look the way up for each send.
        connect(t->sources[i].socket, (const struct sockaddr *)relay, sizeof *relay);
        struct endpoint *e = endpoint(s, &t->streams[i].sink);
        e->streams = checked(realloc(e->streams, (e->stream_count + 1) * sizeof *e->streams));
        e->streams[e->stream_count++] = i;
    }
}

// The packet that these marks name, or NULL. A number of an earlier preparation is late.
static struct packet *marked(struct sink *s, const struct flow *flow, const uint8_t *marks) {
    uint32_t number = get32(marks + MARK_NUMBER) - s->traffic->base;
    if (number >= s->traffic->packet_count) {
        if ((int32_t)number < 0) s->counts.late++;
        else s->counts.unknown++;
        return NULL;
    }
    struct packet *p = &s->traffic->packets[number];
    if ((int)s->traffic->frames[p->frame].stream != flow->stream || !p->sent) {
        s->counts.bad++;
        return NULL;
    }
    return p;
}

// Authenticates the packet and compares its payload.
static bool is_right(struct sink *s, struct flow *flow, const uint8_t *packet, int length) {
    uint8_t copy[2048];
    s->counts.checked++;
    if (length > (int)sizeof copy) return false;
    memcpy(copy, packet, length);
    length = srtp_unprotect(&flow->check, copy, length);
    if (length < 0) return false;
    int header = rtp_header_length(copy, length), size = length - header;
    const uint8_t *payload = copy + header;
    if (size < SMALLEST_BYTES - 12) return false;
    uint32_t number = get32(payload + MARK_NUMBER), stream = get32(payload + MARK_STREAM);
    if ((int)stream != flow->stream) return false;
    const struct stream *config = &s->traffic->streams[stream];
    uint32_t place = number - s->traffic->base;
    if (place < s->traffic->packet_count
        && s->traffic->packets[place].length != size + 12 + srtp_tag_length(config->in_suite))
        return false;
    for (int i = pattern_start(config->video); i < size; i++)
        if ((i < MARK_NUMBER || i >= MARK_STREAM + 4) && payload[i] != pattern(number, i)) return false;
    return true;
}

// A flow is known by the first packet that one of the socket's keys authenticates.
static struct flow *new_flow(struct endpoint *e, struct sink *s, const uint8_t *packet, int length) {
    uint8_t copy[2048];
    if (e->flow_count == FLOWS || length > (int)sizeof copy) return NULL;
    for (int i = 0; i < e->stream_count; i++) {
        const struct stream *config = &s->traffic->streams[e->streams[i]];
        struct srtp trial;
        srtp_open(&trial, config->out_suite, SRTP_RECEIVER, config->out_key);
        memcpy(copy, packet, length);
        int clear = srtp_unprotect(&trial, copy, length);
        srtp_close(&trial);
        int header = clear < 0 ? -1 : rtp_header_length(copy, clear);
        if (header < 0 || clear - header < SMALLEST_BYTES - 12) continue;
        struct flow *flow = &e->flows[e->flow_count++];
        flow->ssrc = get32(packet + 8);
        flow->stream = (int)get32(copy + header + MARK_STREAM);
        if (flow->stream >= s->traffic->stream_count) flow->stream = e->streams[i];
        srtp_open(&flow->peek, config->out_suite, SRTP_PEEKER, config->out_key);
        srtp_open(&flow->check, config->out_suite, SRTP_RECEIVER, config->out_key);
        return flow;
    }
    return NULL;
}

static void take(struct sink *s, struct endpoint *e, const uint8_t *packet, int length, uint64_t time) {
    if (rtp_header_length(packet, length) < 0) return;     // STUN, DTLS
    if (packet[1] >= 192 && packet[1] <= 223) return;      // RTCP
    uint32_t ssrc = get32(packet + 8);
    struct flow *flow = NULL;
    for (int i = 0; i < e->flow_count && !flow; i++)
        if (e->flows[i].ssrc == ssrc) flow = &e->flows[i];
    if (!flow) flow = new_flow(e, s, packet, length);
    uint8_t marks[MARK_STREAM];
    if (!flow || !srtp_peek(&flow->peek, packet, length, marks)) {
        s->counts.unknown++;
        return;
    }
    if (flow->packets++ % s->check_every == 0 && !is_right(s, flow, packet, length)) s->counts.bad++;
    struct packet *p = marked(s, flow, marks);
    if (!p) return;
    if (p->arrived) {
        s->counts.duplicates++;
        return;
    }
    p->arrived = true;
    s->traffic->frames[p->frame].arrived++;
    s->counts.received++;
    if (s->measuring) histogram_add(s->latency, time - p->sent);
}

static int segment_size(struct msghdr *m) {
    for (struct cmsghdr *c = CMSG_FIRSTHDR(m); c; c = CMSG_NXTHDR(m, c))
        if (c->cmsg_level == SOL_UDP && c->cmsg_type == UDP_GRO) return *(int *)CMSG_DATA(c);
    return 0;
}

static int receive(struct sink *s, struct endpoint *e) {
    static struct mmsghdr messages[BATCH];
    static struct iovec spaces[BATCH];
    static struct { _Alignas(struct cmsghdr) uint8_t bytes[CMSG_SPACE(sizeof(int))]; } control[BATCH];
    for (int i = 0; i < BATCH; i++) {
        spaces[i] = (struct iovec){s->buffers + (size_t)i * ROOM, ROOM};
        messages[i].msg_hdr = (struct msghdr){.msg_iov = &spaces[i], .msg_iovlen = 1, .msg_control = control[i].bytes,
                                              .msg_controllen = sizeof control[i].bytes};
    }
    int received = recvmmsg(e->socket, messages, BATCH, MSG_DONTWAIT, NULL);
    uint64_t time = now();
    for (int i = 0; i < received; i++) {
        int length = messages[i].msg_len, segment = segment_size(&messages[i].msg_hdr);
        const uint8_t *bytes = spaces[i].iov_base;
        if (segment <= 0) segment = length;
        for (int at = 0; at < length; at += segment)
            take(s, e, bytes + at, length - at < segment ? length - at : segment, time);
    }
    return received;
}

void sink_poll(struct sink *s) {
    struct epoll_event events[64];
    int ready = epoll_wait(s->epoll, events, 64, 0);
    for (int i = 0; i < ready; i++)
        for (int turn = 0; turn < 4 && receive(s, events[i].data.ptr) == BATCH; turn++) {}
}
