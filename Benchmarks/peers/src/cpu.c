#include "cpu.h"
#include <dirent.h>
#include <stdio.h>
#include <unistd.h>

uint64_t process_cpu(int pid) {
    char path[320];
    snprintf(path, sizeof path, "/proc/%d/task", pid);
    DIR *tasks = opendir(path);
    uint64_t sum = 0;
    if (!tasks) return 0;
    for (struct dirent *task; (task = readdir(tasks));) {
        if (task->d_name[0] == '.') continue;
        unsigned long long ns;
        snprintf(path, sizeof path, "/proc/%d/task/%s/schedstat", pid, task->d_name);
        FILE *file = fopen(path, "r");
        if (!file) continue;
        if (fscanf(file, "%llu", &ns) == 1) sum += ns;
        fclose(file);
    }
    closedir(tasks);
    return sum;
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
