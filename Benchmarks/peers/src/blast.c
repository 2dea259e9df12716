// blast STREAMS --load LOAD [options]: sends SRTP to a relay, takes back what it sends, prints one JSON line.
//
// One thread that never sleeps, sender and sink in one. STREAMS is described in streams.h.
//   --load paced     --rate packets a second, frames as bursts
//   --load flat      closed loop: at most --window packets on their way, so nothing overflows
//   --load search    highest rate without loss, beginning at --rate; each trial --seconds long, a failed one tried again
//   --load overload  --calm packets a second for --warm, then --rate for --seconds, then --calm for --after
// Options: --frame N (video packets a frame, 5), --sizes FILE (packet sizes instead of 1100 and 90 bytes), --seconds 2,
// --warm 0.5, --window 1500, --pid PID (of the relay, for its CPU time), --check N (every N-th packet in full, 16),
// --label TEXT, --cap PPS (of flat: as many packets are made ahead, 700000).
#include "common.h"
#include "cpu.h"
#include "sink.h"
#include <sys/resource.h>

static struct {
    const char *load, *label, *sizes;
    double rate, calm, seconds, warm, after, cap;
    int frame, window, pid, check;
} options = {.load = "paced", .label = "", .rate = 20000, .calm = 20000, .seconds = 2, .warm = 0.5, .after = 3,
             .cap = 700000, .frame = 5, .window = 1500, .check = 16};

static struct traffic traffic;
static struct sink sink;

// What happened between start and stop.
static struct span {
    double seconds, behind; // behind: packets that were due and not sent, at worst
    uint64_t sent, received, turns, idle_turns;
    double cpu, relay_core, steal; // ns, seconds, seconds
} span;

static void span_start(void) {
    struct machine m = machine_cpu();
    span = (struct span){.cpu = process_cpu(options.pid), .relay_core = m.relay_core, .steal = m.steal};
    span.sent = traffic.sent;
    span.received = sink.counts.received;
    span.seconds = now() / 1e9;
}

static void span_stop(void) {
    span.seconds = now() / 1e9 - span.seconds;
    span.cpu = process_cpu(options.pid) - span.cpu;
    span.sent = traffic.sent - span.sent;
    span.received = sink.counts.received - span.received;
    struct machine m = machine_cpu();
    span.relay_core = m.relay_core - span.relay_core;
    span.steal = m.steal - span.steal;
}

// False where the packets were used up before the time was.
static bool run_paced(double rate, double seconds) {
    uint64_t start = now(), end = start + (uint64_t)(seconds * 1e9), first = traffic.sent;
    for (uint64_t time = start; time < end; time = now()) {
        double due = (time - start) / 1e9 * rate;
        if (due - (traffic.sent - first) > span.behind) span.behind = due - (traffic.sent - first);
        for (int i = 0; i < 24 && traffic.sent - first < due; i++)
            if (!traffic_send(&traffic)) return false;
        sink_poll(&sink);
    }
    return true;
}

static bool run_flat(double seconds) {
    uint64_t start = now(), end = start + (uint64_t)(seconds * 1e9), moved = start;
    uint64_t seen = sink.counts.received;
    static uint64_t given_up; // packets that will not come any more
    for (uint64_t time = start; time < end; time = now()) {
        int64_t open = (int64_t)(traffic.sent - sink.counts.received - given_up);
        span.turns++;
        if (open >= options.window) span.idle_turns++;
        for (int i = 0; i < 16 && open < options.window; i++) {
            uint64_t before = traffic.sent;
            if (!traffic_send(&traffic)) return false;
            open += traffic.sent - before;
        }
        sink_poll(&sink);
        if (sink.counts.received != seen) {
            seen = sink.counts.received;
            moved = time;
        } else if (time - moved > 100000000) {
            given_up = traffic.sent - sink.counts.received;
            moved = time;
        }
    }
    return true;
}

static void drain(double seconds) {
    for (uint64_t end = now() + (uint64_t)(seconds * 1e9); now() < end;) sink_poll(&sink);
}

static uint64_t lost_total(void) { return traffic.sent - sink.counts.received; }

static void print_common(void) {
    const struct sink_counts *c = &sink.counts;
    printf("{\"label\":\"%s\",\"load\":\"%s\",\"streams\":%d,\"seconds\":%.3f,", options.label, options.load,
           traffic.stream_count, span.seconds);
    printf("\"sent_pps\":%.0f,\"received_pps\":%.0f,\"sent\":%llu,\"lost\":%lld,", span.sent / span.seconds,
           span.received / span.seconds, (unsigned long long)traffic.sent, (long long)lost_total());
    printf("\"cpu_ns_per_packet\":%.1f,\"relay_cpu_percent\":%.2f,\"relay_core_percent\":%.2f,\"steal_percent\":%.2f,",
           span.received ? span.cpu / span.received : 0, span.cpu / span.seconds / 1e7,
           span.relay_core / span.seconds * 100, span.steal / span.seconds * 100);
    printf("\"behind\":%.0f,\"checked\":%llu,\"bad\":%llu,\"unknown\":%llu,\"duplicates\":%llu,\"late\":%llu,"
           "\"send_errors\":%llu,",
           span.behind, (unsigned long long)c->checked, (unsigned long long)c->bad, (unsigned long long)c->unknown,
           (unsigned long long)c->duplicates, (unsigned long long)c->late, (unsigned long long)traffic.send_errors);
    printf("\"p50_us\":%.1f,\"p90_us\":%.1f,\"p99_us\":%.1f,\"max_us\":%.1f,\"histogram\":", histogram_at(sink.latency, 0.5),
           histogram_at(sink.latency, 0.9), histogram_at(sink.latency, 0.99), sink.latency->longest / 1000.0);
    histogram_print(sink.latency);
}

static void load_steady(bool flat) {
    double rate = flat ? options.cap : options.rate;
    traffic_prepare(&traffic, (uint32_t)(rate * (options.warm + options.seconds) * 1.02) + 1000);
    bool enough = flat ? run_flat(options.warm) : run_paced(rate, options.warm);
    sink.measuring = true;
    span_start();
    enough = enough && (flat ? run_flat(options.seconds) : run_paced(rate, options.seconds));
    span_stop();
    sink.measuring = false;
    drain(0.3);
    print_common();
    printf(",\"exhausted\":%s,\"window_full_percent\":%.1f}\n", enough ? "false" : "true",
           span.turns ? 100.0 * span.idle_turns / span.turns : 0);
}

enum outcome { CLEAN, LOSSY, TOO_SLOW };

static double lost_share; // of the last attempt

// One attempt at a rate; TOO_SLOW: the generator did not keep the pace.
static enum outcome attempt(double rate) {
    // After a loss, a second of little traffic: a relay that has begun to shed may stop.
    double calm = rate / 4, calm_seconds = lost_share > 0 ? 1 : 0.1;
    traffic_prepare(&traffic, (uint32_t)((calm * calm_seconds + rate * options.seconds) * 1.02) + 1000);
    run_paced(calm, calm_seconds);
    drain(0.05);
    uint32_t first = traffic.next_frame;
    span_start();
    run_paced(rate, options.seconds);
    span_stop();
    drain(0.3);
    uint64_t lost = 0;
    for (uint32_t i = first; i < traffic.next_frame; i++) lost += traffic.frames[i].count - traffic.frames[i].arrived;
    lost_share = (double)lost / span.sent;
    bool slow = span.sent < rate * options.seconds * 0.99;
    printf(",{\"pps\":%.0f,\"sent_pps\":%.0f,\"lost\":%llu}", rate, span.sent / span.seconds, (unsigned long long)lost);
    return lost ? LOSSY : slow ? TOO_SLOW : CLEAN;
}

// A little loss may be the machine's: that gets a second chance.
static enum outcome try_rate(double rate) {
    enum outcome first = attempt(rate);
    return first == CLEAN || lost_share > 0.03 ? first : attempt(rate);
}

static void load_search(void) {
    double good = 0, bad = 0, rate = options.rate, good_cpu = 0, good_seconds = 1;
    uint64_t good_received = 0;
    enum outcome why = LOSSY;
    printf("{\"trials\":[{\"pps\":0,\"sent_pps\":0,\"lost\":0}");
    for (int steps = 0; steps < 16; steps++) {
        enum outcome outcome = try_rate(rate);
        if (outcome == CLEAN) {
            good = rate;
            good_cpu = span.cpu, good_seconds = span.seconds, good_received = span.received;
        } else {
            bad = rate;
            why = outcome;
        }
        if (good && bad && bad < good * 1.03) break;
        double passed = bad * (1 - lost_share) * 0.95;
        rate = !bad ? good * 1.1 : good ? (good + bad) / 2 : passed < bad * 0.4 ? bad * 0.4 : passed;
        if (rate < 100) break;
    }
    printf("],\"label\":\"%s\",\"load\":\"search\",\"streams\":%d,\"loss_free_pps\":%.0f,\"limited_by\":\"%s\","
           "\"relay_cpu_percent\":%.2f,\"cpu_ns_per_packet\":%.1f,\"bad\":%llu,\"checked\":%llu,\"unknown\":%llu,"
           "\"send_errors\":%llu}\n",
           options.label, traffic.stream_count, good, why == LOSSY ? "relay" : "generator", good_cpu / good_seconds / 1e7,
           good_received ? good_cpu / good_received : 0, (unsigned long long)sink.counts.bad,
           (unsigned long long)sink.counts.checked, (unsigned long long)sink.counts.unknown,
           (unsigned long long)traffic.send_errors);
}

enum { SLICE_NS = 100000000 };

struct slice {
    uint64_t audio_sent, audio_lost, video_sent, video_lost, frames, shed, cut;
};

static void count(struct slice *s, const struct frame *f) {
    uint64_t lost = f->count - f->arrived;
    if (traffic.streams[f->stream].video) {
        s->video_sent += f->count, s->video_lost += lost, s->frames++;
        if (f->arrived == 0) s->shed++;
        else if (lost) s->cut++;
    } else {
        s->audio_sent++, s->audio_lost += lost;
    }
}

static void print_slice(const char *before, const struct slice *s) {
    printf("%s{\"audio_sent\":%llu,\"audio_lost\":%llu,\"video_sent\":%llu,\"video_lost\":%llu,\"frames\":%llu,"
           "\"frames_shed\":%llu,\"frames_cut\":%llu}",
           before, (unsigned long long)s->audio_sent, (unsigned long long)s->audio_lost, (unsigned long long)s->video_sent,
           (unsigned long long)s->video_lost, (unsigned long long)s->frames, (unsigned long long)s->shed,
           (unsigned long long)s->cut);
}

static void load_overload(void) {
    double total = options.calm * (options.warm + options.after) + options.rate * options.seconds;
    traffic_prepare(&traffic, (uint32_t)(total * 1.02) + 1000);
    uint64_t begin = now();
    run_paced(options.calm, options.warm);
    uint64_t start = now();
    sink.measuring = true;
    span_start();
    run_paced(options.rate, options.seconds);
    span_stop();
    sink.measuring = false;
    uint64_t fall = now();
    run_paced(options.calm, options.after);
    uint64_t end = now();
    drain(0.5);
    print_common();
    uint32_t slices = (uint32_t)((end - begin) / SLICE_NS) + 1;
    struct slice before = {0}, during = {0}, after = {0}, *series = checked(calloc(slices, sizeof *series));
    uint64_t last_loss = fall;
    for (uint32_t i = 0; i < traffic.next_frame; i++) {
        const struct frame *f = &traffic.frames[i];
        uint64_t sent = traffic.packets[f->first].sent;
        count(sent < start ? &before : sent < fall ? &during : &after, f);
        count(&series[(sent - begin) / SLICE_NS], f);
        if (f->arrived < f->count && sent > last_loss) last_loss = sent;
    }
    print_slice(",\"before\":", &before);
    print_slice(",\"during\":", &during);
    print_slice(",\"after\":", &after);
    printf(",\"loss_free_after_ms\":%.1f,\"start_ms\":%.0f,\"fall_ms\":%.0f,\"slice_ms\":%d,\"series\":", (last_loss - fall) / 1e6,
           (start - begin) / 1e6, (fall - begin) / 1e6, SLICE_NS / 1000000);
    for (uint32_t i = 0; i < slices; i++) print_slice(i ? "," : "[", &series[i]);
    printf("]}\n");
}

static void wrong(const char *what) {
    fprintf(stderr, "blast: %s; the head of blast.c lists the options\n", what);
    exit(2);
}

int main(int argc, char **argv) {
    const struct {
        const char *name;
        const char **text;
        double *number;
        int *integer;
    } known[] = {
        {"--load", .text = &options.load},       {"--label", .text = &options.label},      {"--sizes", .text = &options.sizes},
        {"--rate", .number = &options.rate},       {"--calm", .number = &options.calm}, {"--seconds", .number = &options.seconds},
        {"--warm", .number = &options.warm},       {"--after", .number = &options.after}, {"--cap", .number = &options.cap},
        {"--frame", .integer = &options.frame},    {"--window", .integer = &options.window}, {"--pid", .integer = &options.pid},
        {"--check", .integer = &options.check},
    };
    if (argc < 2 || argc % 2) wrong("STREAMS and options with values are wanted");
    for (int i = 2; i < argc; i += 2) {
        size_t k = 0;
        while (k < sizeof known / sizeof *known && strcmp(argv[i], known[k].name)) k++;
        if (k == sizeof known / sizeof *known) wrong(argv[i]);
        if (known[k].text) *known[k].text = argv[i + 1];
        else if (known[k].number) *known[k].number = atof(argv[i + 1]);
        else *known[k].integer = atoi(argv[i + 1]);
    }
    if (options.frame < 1 || options.check < 1) wrong("--frame and --check are 1 or more");
    struct rlimit files;
    getrlimit(RLIMIT_NOFILE, &files);
    files.rlim_cur = files.rlim_max;
    setrlimit(RLIMIT_NOFILE, &files);

    int count;
    struct stream *streams = streams_read(argv[1], &count);
    traffic_open(&traffic, streams, count, options.sizes ? sizes_read(options.sizes) : sizes_synthetic(options.frame));
    sink_open(&sink, &traffic, options.check);
    if (!strcmp(options.load, "paced")) load_steady(false);
    else if (!strcmp(options.load, "flat")) load_steady(true);
    else if (!strcmp(options.load, "search")) load_search();
    else if (!strcmp(options.load, "overload")) load_overload();
    else wrong("--load is paced, flat, search or overload");
    return 0;
}
