#include "cpu.h"
#include <stdio.h>
#include <time.h>
#include <unistd.h>

uint64_t process_cpu(int pid) {
    clockid_t clock;
    struct timespec time;
    if (clock_getcpuclockid(pid, &clock) != 0 || clock_gettime(clock, &time) != 0) return 0;
    return (uint64_t)time.tv_sec * 1000000000 + time.tv_nsec;
}

struct machine machine_cpu(void) {
    struct machine m = {0};
    FILE *file = fopen("/proc/stat", "r");
    char line[512];
    double tick = 1.0 / sysconf(_SC_CLK_TCK);
    while (file && fgets(line, sizeof line, file)) {
        int core;
        double user, nice, system, idle, wait, irq, softirq, steal;
        if (sscanf(line, "cpu%d %lf %lf %lf %lf %lf %lf %lf %lf", &core, &user, &nice, &system, &idle, &wait, &irq, &softirq,
                   &steal) != 9)
            continue;
        if (core == 1) m.relay_core = (user + nice + system + irq + softirq) * tick;
        m.steal += steal * tick;
    }
    if (file) fclose(file);
    return m;
}
