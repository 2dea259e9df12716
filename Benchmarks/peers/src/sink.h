// Receives what the relay sends, finds out which packet it was, and checks its contents.
#pragma once
#include "histogram.h"
#include "traffic.h"

struct sink_counts {
    uint64_t received, checked, bad, unknown, duplicates, late;
};

struct sink {
    struct traffic *traffic;
    int epoll, check_every;
    bool measuring; // latencies are kept
    struct sink_counts counts;
    struct histogram *latency;
    struct endpoint *endpoints;
    int endpoint_count;
    uint8_t *buffers;
};

// Opens every socket of the traffic, sources too: relays may answer there. Every check_every-th packet of a flow is
// authenticated and its whole payload compared; of the others only the first block is deciphered, for its marks.
void sink_open(struct sink *s, struct traffic *t, int check_every);
// Takes what is there now.
void sink_poll(struct sink *s);
