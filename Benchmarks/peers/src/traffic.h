// Packets of all streams, made and protected ahead of time, in the order in which they are sent.
#pragma once
#include "streams.h"

// Which frames a video stream sends, in RTP packet bytes without the SRTP tag.
struct sizes {
    int frames;         // of video, replayed over and over
    int *packets;       // by frame
    uint16_t *video;    // all packets, frame after frame
    int video_packets;
    uint16_t *audio;
    int audio_packets;
    int audio_per_cycle; // audio packets of each stream to VIDEO_PER_CYCLE frames of each stream
};

enum { VIDEO_PER_CYCLE = 3, VIDEO_BYTES = 1100, AUDIO_BYTES = 90, SMALLEST_BYTES = 36 };

// `frame` packets of 1100 bytes a frame, one 90-byte audio packet to three of them.
struct sizes sizes_synthetic(int frame);
// A file of lines "v SIZE SIZE ..." (a frame) and "a SIZE"; others start with #.
struct sizes sizes_read(const char *path);

struct packet {
    uint64_t sent;   // when, 0: not yet
    uint32_t frame;  // of the schedule, counted from 0
    uint16_t length; // with SRTP tag
    bool arrived;
};

struct frame {
    uint32_t stream, first, count; // packets first ... first + count - 1
    uint64_t offset;               // of the first packet's bytes
    uint16_t arrived;
};

struct source {
    int socket;
    struct srtp srtp;
    uint16_t sequence;
    uint32_t timestamp, next_size, next_frame;
};

struct traffic {
    struct stream *streams;
    int stream_count;
    struct sizes sizes;
    struct source *sources;
    uint32_t *order; // stream of each turn in a cycle
    uint32_t turns, turn;
    // One preparation's worth. Packets are numbered on from one preparation to the next.
    uint32_t base;
    struct packet *packets;
    struct frame *frames;
    uint8_t *bytes;
    uint32_t packet_count, frame_count, packet_room, frame_room;
    uint64_t byte_room, byte_count;
    uint32_t next_frame; // to be sent
    uint64_t sent, send_errors;
};

void traffic_open(struct traffic *t, struct stream *streams, int count, struct sizes sizes);
// Makes at least `packets` packets, in whole frames; what was left of the last preparation is dropped.
// Ends the program if memory is short.
void traffic_prepare(struct traffic *t, uint32_t packets);
// Sends the next frame; false if none is left.
bool traffic_send(struct traffic *t);

// What a packet carries at payload bytes 12 to 15 and 16 to 19, before and behind it a pattern.
enum { MARK_NUMBER = 12, MARK_STREAM = 16 };
static inline uint8_t pattern(uint32_t number, int at) { return (uint8_t)(number * 13 + at); }
// First payload byte that is pattern wherever it is not a mark.
static inline int pattern_start(bool video) { return video ? 11 : 2; }
