#define _GNU_SOURCE
#include "streams.h"
#include "common.h"
#include <arpa/inet.h>
#include <sys/socket.h>

static const char *path_read;
static int line_read;

static void wrong(const char *what) {
    fprintf(stderr, "%s:%d: %s\n", path_read, line_read, what);
    exit(1);
}

static struct sockaddr_in address(char *text) {
    struct sockaddr_in a = {.sin_family = AF_INET};
    char *colon = strchr(text, ':');
    if (!colon) wrong("an address is IPv4:PORT");
    *colon = 0;
    a.sin_port = htons(atoi(colon + 1));
    if (inet_pton(AF_INET, text, &a.sin_addr) != 1) wrong("an address is IPv4:PORT");
    return a;
}

static enum suite suite(const char *text) {
    if (!strcmp(text, "gcm")) return SUITE_GCM;
    if (strcmp(text, "cm80")) wrong("a suite is gcm or cm80");
    return SUITE_CM80;
}

static void key(const char *text, enum suite suite, uint8_t *out) {
    static const char digits[] = "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789+/";
    uint32_t bits = 0;
    int count = 0, length = 0;
    for (; *text && *text != '='; text++) {
        const char *digit = strchr(digits, *text);
        if (!digit) wrong("a key is base64");
        bits = bits << 6 | (uint32_t)(digit - digits);
        count += 6;
        if (count >= 8) {
            count -= 8;
            if (length == 30) wrong("a key is too long");
            out[length++] = bits >> count;
        }
    }
    if (length != srtp_key_length(suite)) wrong("a key has the wrong length");
}

struct stream *streams_read(const char *path, int *count) {
    FILE *file = fopen(path, "r");
    if (!file) {
        perror(path);
        exit(1);
    }
    struct stream *streams = NULL;
    char line[1024];
    path_read = path;
    for (*count = 0; fgets(line, sizeof line, file);) {
        char kind[8], source[64], relay[64], sink[64], in[8], in_key[64], out[8], out_key[64];
        int type;
        unsigned ssrc;
        line_read++;
        if (sscanf(line, "%7s %63s %63s %63s %d %u %7s %63s %7s %63s", kind, source, relay, sink, &type, &ssrc, in, in_key,
                   out, out_key) != 10)
            wrong("ten words are wanted");
        streams = checked(realloc(streams, (*count + 1) * sizeof *streams));
        struct stream *s = &streams[(*count)++];
        *s = (struct stream){.video = !strcmp(kind, "video"), .payload_type = type, .ssrc = ssrc};
        s->source = address(source), s->relay = address(relay), s->sink = address(sink);
        s->in_suite = suite(in), s->out_suite = suite(out);
        key(in_key, s->in_suite, s->in_key);
        key(out_key, s->out_suite, s->out_key);
    }
    fclose(file);
    if (!*count) wrong("no streams");
    return streams;
}

int udp_socket(const struct sockaddr_in *address, int flags) {
    int fd = socket(AF_INET, SOCK_DGRAM | flags, 0), size = 8 << 20;
    // Beyond net.core.rmem_max for root, else as much as the kernel grants.
    if (setsockopt(fd, SOL_SOCKET, SO_RCVBUFFORCE, &size, sizeof size)) setsockopt(fd, SOL_SOCKET, SO_RCVBUF, &size, sizeof size);
    if (setsockopt(fd, SOL_SOCKET, SO_SNDBUFFORCE, &size, sizeof size)) setsockopt(fd, SOL_SOCKET, SO_SNDBUF, &size, sizeof size);
    if (bind(fd, (const struct sockaddr *)address, sizeof *address)) {
        char text[INET_ADDRSTRLEN];
        inet_ntop(AF_INET, &address->sin_addr, text, sizeof text);
        fprintf(stderr, "%s:%d: ", text, ntohs(address->sin_port));
        perror("bind");
        exit(1);
    }
    return fd;
}
