// Durations in buckets: 64 to each power of two of nanoseconds, so a bucket is at most 1.6 % wide.
#pragma once
#include <stdint.h>
#include <stdio.h>

enum { HISTOGRAM_BITS = 6, HISTOGRAM_BUCKETS = (64 - HISTOGRAM_BITS + 1) << HISTOGRAM_BITS };

struct histogram {
    uint64_t counts[HISTOGRAM_BUCKETS], total, longest;
};

static inline void histogram_add(struct histogram *h, uint64_t ns) {
    int high = 63 - __builtin_clzll(ns | 1), shift = high > HISTOGRAM_BITS ? high - HISTOGRAM_BITS : 0;
    h->counts[(shift << HISTOGRAM_BITS) + (ns >> shift)]++;
    h->total++;
    if (ns > h->longest) h->longest = ns;
}

static inline uint64_t histogram_lowest(int bucket) {
    int shift = bucket >> HISTOGRAM_BITS;
    if (shift > 0) shift--;
    return (uint64_t)(bucket - (shift << HISTOGRAM_BITS)) << shift;
}

// Microseconds below which the share of durations lies, in the middle of its bucket.
static inline double histogram_at(const struct histogram *h, double share) {
    uint64_t wanted = (uint64_t)(share * h->total), seen = 0;
    for (int i = 0; i < HISTOGRAM_BUCKETS; i++)
        if ((seen += h->counts[i]) > wanted) return (histogram_lowest(i) + histogram_lowest(i + 1)) / 2000.0;
    return h->longest / 1000.0;
}

// [[lowest ns, count], ...] of the buckets that hold any.
static inline void histogram_print(const struct histogram *h) {
    const char *comma = "";
    putchar('[');
    for (int i = 0; i < HISTOGRAM_BUCKETS; i++)
        if (h->counts[i]) {
            printf("%s[%llu,%llu]", comma, (unsigned long long)histogram_lowest(i), (unsigned long long)h->counts[i]);
            comma = ",";
        }
    putchar(']');
}
