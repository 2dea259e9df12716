// The calls of one run, one line a stream:
//   video|audio SOURCE RELAY SINK PAYLOAD_TYPE SSRC IN_SUITE IN_KEY OUT_SUITE OUT_KEY
// Addresses are IPv4:PORT, suites gcm or cm80, keys base64 of master key and salt.
// The generator sends from SOURCE to RELAY under IN_KEY; the relay sends to SINK under OUT_KEY.
#pragma once
#include "srtp.h"
#include <netinet/in.h>

struct stream {
    bool video;
    struct sockaddr_in source, relay, sink;
    int payload_type;
    uint32_t ssrc;
    enum suite in_suite, out_suite;
    uint8_t in_key[30], out_key[30];
};

// Ends the program with a message where the file is wrong.
struct stream *streams_read(const char *path, int *count);

// A UDP socket bound to the address with large buffers. Another user of the address ends the program.
int udp_socket(const struct sockaddr_in *address, int flags);
