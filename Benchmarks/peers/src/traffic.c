#define _GNU_SOURCE
#include "traffic.h"
#include "common.h"
#include <netinet/udp.h>
#include <sys/mman.h>
#include <sys/socket.h>
#include <sys/uio.h>

struct sizes sizes_synthetic(int frame) {
    struct sizes s = {.frames = 1, .video_packets = frame, .audio_packets = 1, .audio_per_cycle = frame};
    s.packets = checked(malloc(sizeof *s.packets));
    s.packets[0] = frame;
    s.video = checked(malloc(frame * sizeof *s.video));
    for (int i = 0; i < frame; i++) s.video[i] = VIDEO_BYTES;
    s.audio = checked(malloc(sizeof *s.audio));
    s.audio[0] = AUDIO_BYTES;
    return s;
}

static uint16_t size_at_least_marks(long size, const char *path) {
    if (size < 13 || size > 1400) {
        fprintf(stderr, "%s: %ld is no size of an RTP packet\n", path, size);
        exit(1);
    }
    return size < SMALLEST_BYTES ? SMALLEST_BYTES : (uint16_t)size;
}

struct sizes sizes_read(const char *path) {
    FILE *file = fopen(path, "r");
    if (!file) {
        perror(path);
        exit(1);
    }
    struct sizes s = {0};
    char line[8192];
    while (fgets(line, sizeof line, file)) {
        char *at = line + 1, *end;
        if (line[0] != 'v' && line[0] != 'a') continue;
        int count = 0;
        for (long size = strtol(at, &end, 10); end != at; at = end, size = strtol(at, &end, 10), count++) {
            uint16_t **list = line[0] == 'v' ? &s.video : &s.audio;
            int *length = line[0] == 'v' ? &s.video_packets : &s.audio_packets;
            *list = checked(realloc(*list, (*length + 1) * sizeof **list));
            (*list)[(*length)++] = size_at_least_marks(size, path);
        }
        if (line[0] == 'a' || !count) continue;
        s.packets = checked(realloc(s.packets, (s.frames + 1) * sizeof *s.packets));
        s.packets[s.frames++] = count;
    }
    fclose(file);
    if (!s.frames || !s.audio_packets) {
        fprintf(stderr, "%s: frames of video and packets of audio are wanted\n", path);
        exit(1);
    }
    s.audio_per_cycle = (s.audio_packets * VIDEO_PER_CYCLE + s.frames / 2) / s.frames;
    return s;
}

// Within a cycle, audio turns are spread evenly between those of video.
static void make_order(struct traffic *t) {
    uint32_t *video = checked(malloc(t->stream_count * sizeof *video)), videos = 0;
    uint32_t *audio = checked(malloc(t->stream_count * sizeof *audio)), audios = 0;
    for (int i = 0; i < t->stream_count; i++)
        if (t->streams[i].video) video[videos++] = i;
        else audio[audios++] = i;
    uint32_t frames = VIDEO_PER_CYCLE * videos, sounds = t->sizes.audio_per_cycle * audios, placed = 0;
    t->order = checked(malloc((frames + sounds + 1) * sizeof *t->order));
    if (!videos)
        for (; placed < sounds; placed++) t->order[t->turns++] = audio[placed % audios];
    for (uint32_t i = 0; i < frames; i++) {
        t->order[t->turns++] = video[i % videos];
        for (; placed < (uint64_t)(i + 1) * sounds / frames; placed++) t->order[t->turns++] = audio[placed % audios];
    }
    free(video);
    free(audio);
}

void traffic_open(struct traffic *t, struct stream *streams, int count, struct sizes sizes) {
    *t = (struct traffic){.streams = streams, .stream_count = count, .sizes = sizes};
    t->sources = checked(calloc(count, sizeof *t->sources));
    make_order(t);
    for (int i = 0; i < count; i++) {
        struct source *s = &t->sources[i];
        srtp_open(&s->srtp, streams[i].in_suite, SRTP_SENDER, streams[i].in_key);
        s->sequence = 1000;
        // Each stream replays from another place.
        s->next_frame = (uint32_t)((uint64_t)i * sizes.frames / count);
        if (streams[i].video)
            for (uint32_t f = 0; f < s->next_frame; f++) s->next_size += sizes.packets[f];
        else s->next_size = (uint32_t)((uint64_t)i * sizes.audio_packets / count);
    }
}

// Real enough for a relay that looks inside: VP8's descriptor (RFC 7741) and key frame header, Opus' TOC byte. Every frame
// is a key frame, so that a relay that wants one after a gap need not ask.
static void write_payload(uint8_t *payload, int length, bool video, bool first, uint32_t number, uint32_t stream) {
    static const uint8_t key_frame[11] = {0x10, 0x10, 0x02, 0x00, 0x9d, 0x01, 0x2a, 0x80, 0x02, 0xe0, 0x01};
    for (int i = pattern_start(video); i < length; i++) payload[i] = pattern(number, i);
    if (!video) payload[0] = 0x78, payload[1] = 0;
    else if (first) memcpy(payload, key_frame, sizeof key_frame);
    else memset(payload, 0, sizeof key_frame);
    put32(payload + MARK_NUMBER, number);
    put32(payload + MARK_STREAM, stream);
}

static void make_frame(struct traffic *t) {
    uint32_t stream = t->order[t->turn];
    t->turn = (t->turn + 1) % t->turns;
    const struct stream *config = &t->streams[stream];
    struct source *s = &t->sources[stream];
    uint32_t count = config->video ? (uint32_t)t->sizes.packets[s->next_frame] : 1;
    t->frames[t->frame_count] =
        (struct frame){.stream = stream, .first = t->packet_count, .count = count, .offset = t->byte_count};
    const uint16_t *sizes = config->video ? t->sizes.video : t->sizes.audio;
    uint32_t size_count = config->video ? t->sizes.video_packets : t->sizes.audio_packets;
    for (uint32_t i = 0; i < count; i++) {
        uint8_t *p = t->bytes + t->byte_count;
        int length = sizes[s->next_size];
        s->next_size = (s->next_size + 1) % size_count;
        bool marker = config->video && i + 1 == count;
        p[0] = 0x80, p[1] = config->payload_type | (marker ? 0x80 : 0);
        put16(p + 2, s->sequence++);
        put32(p + 4, s->timestamp);
        put32(p + 8, config->ssrc);
        write_payload(p + 12, length - 12, config->video, i == 0, t->base + t->packet_count, stream);
        length = srtp_protect(&s->srtp, p, length);
        t->packets[t->packet_count++] = (struct packet){.frame = t->frame_count, .length = length};
        t->byte_count += length;
    }
    if (config->video) s->next_frame = (s->next_frame + 1) % t->sizes.frames;
    s->timestamp += config->video ? 3000 : 960;
    t->frame_count++;
}

static void *room(void *old, uint64_t old_bytes, uint64_t bytes) {
    if (old) munmap(old, old_bytes);
    void *memory = mmap(NULL, bytes, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
    if (memory == MAP_FAILED) {
        perror("memory for packets");
        exit(1);
    }
    madvise(memory, bytes, MADV_HUGEPAGE);
    return memory;
}

static uint64_t available_memory(void) {
    FILE *file = fopen("/proc/meminfo", "r");
    char line[128];
    unsigned long long kib = 0;
    while (file && fgets(line, sizeof line, file))
        if (sscanf(line, "MemAvailable: %llu", &kib) == 1) break;
    if (file) fclose(file);
    return kib * 1024;
}

void traffic_prepare(struct traffic *t, uint32_t packets) {
    int longest = 0;
    uint64_t sum = 0;
    for (int i = 0; i < t->sizes.frames; i++)
        if (t->sizes.packets[i] > longest) longest = t->sizes.packets[i];
    for (int i = 0; i < t->sizes.video_packets; i++) sum += t->sizes.video[i] + 16;
    uint64_t average = sum / t->sizes.video_packets + 1, wanted = packets + longest;
    if (wanted > t->packet_room) {
        uint64_t bytes = wanted * average + (1 << 20);
        if (bytes > available_memory() * 9 / 10 + t->byte_room) {
            fprintf(stderr, "%u packets want %llu MiB of memory, which this machine has not free\n", packets,
                    (unsigned long long)bytes >> 20);
            exit(1);
        }
        t->packets = room(t->packets, t->packet_room * sizeof *t->packets, wanted * sizeof *t->packets);
        t->frames = room(t->frames, t->frame_room * sizeof *t->frames, wanted * sizeof *t->frames);
        t->bytes = room(t->bytes, t->byte_room, bytes);
        t->packet_room = t->frame_room = (uint32_t)wanted;
        t->byte_room = bytes;
    }
    t->base += t->packet_count;
    t->packet_count = t->frame_count = t->next_frame = 0;
    t->byte_count = 0;
    while (t->packet_count < packets && t->byte_count + (uint64_t)longest * 1500 < t->byte_room) make_frame(t);
}

static void send_run(struct traffic *t, int socket, uint8_t *bytes, size_t length, int segment) {
    struct iovec piece = {bytes, length};
    _Alignas(struct cmsghdr) uint8_t control[CMSG_SPACE(sizeof(uint16_t))] = {0};
    struct msghdr m = {.msg_iov = &piece, .msg_iovlen = 1};
    if (length > (size_t)segment) {
        m.msg_control = control;
        m.msg_controllen = sizeof control;
        struct cmsghdr *c = CMSG_FIRSTHDR(&m);
        c->cmsg_level = SOL_UDP;
        c->cmsg_type = UDP_SEGMENT;
        c->cmsg_len = CMSG_LEN(sizeof(uint16_t));
        *(uint16_t *)CMSG_DATA(c) = segment;
    }
    if (sendmsg(socket, &m, 0) < 0 && t->send_errors++ == 0) perror("send");
}

bool traffic_send(struct traffic *t) {
    if (t->next_frame == t->frame_count) return false;
    struct frame *f = &t->frames[t->next_frame++];
    int socket = t->sources[f->stream].socket;
    uint64_t time = now();
    uint8_t *bytes = t->bytes + f->offset;
    struct packet *p = &t->packets[f->first];
    for (uint32_t i = 0; i < f->count; i++) p[i].sent = time;
    t->sent += f->count;
    // Runs of one size, the last of which may be shorter, as one UDP_SEGMENT send each.
    for (uint32_t i = 0; i < f->count;) {
        size_t length = p[i].length;
        uint32_t end = i + 1;
        while (end < f->count && p[end].length == p[i].length && end - i < 58 && length + p[end].length < 65000)
            length += p[end++].length;
        if (end < f->count && end > i && p[end].length < p[i].length && end - i < 58) length += p[end++].length;
        send_run(t, socket, bytes, length, p[i].length);
        bytes += length;
        i = end;
    }
    return true;
}
